/** What went wrong, for code that has to tell one failure from another. */
export type BackupErrorCode =
  /** An option of the caller is not usable; nothing was touched. */
  | 'bad-option'
  /** The file or folder asked for does not exist. */
  | 'not-found'
  /** The system did not let it be read: a permission, a file where a folder is expected, a broken disk. */
  | 'unreadable'
  /** A source can't be backed up as it stands: missing, a live database inside `files`, a link out. */
  | 'source-refused'
  /** A database restarted its copy for ever, or stayed locked. */
  | 'sqlite-busy'
  /** A database did not pass integrity_check or foreign_key_check. */
  | 'sqlite-damaged'
  /** A program that dumps, checks or loads data failed: missing, a non-zero exit, a signal, no output, too slow. */
  | 'command-failed'
  /** A database server is not there, or went away meanwhile: that says nothing of the data. */
  | 'server-lost'
  /** The new backup would not be the newest: the clock was set back. */
  | 'clock-set-back'
  /** There is not enough room for what was about to be written. */
  | 'no-space'
  /** The system refused a write, or to give back what was written (full, read-only, broken disk); nothing was published. */
  | 'write-failed'
  /** The sidecar is missing or is not one. */
  | 'bad-sidecar'
  /** The zip is not the file that its sidecar describes. */
  | 'sidecar-mismatch'
  /** The archive breaks a rule of the format (`rule` says which). */
  | 'bad-archive'
  /** The manifest can't be read, or is of a format this version does not know. */
  | 'bad-manifest'
  /** The backup is whole but not a complete one, or does not fit what it is to be restored to. */
  | 'not-restorable'
  /** rclone could not copy or fetch, or what is there is not what was sent. */
  | 'copy-failed'
  /** The swap found something in its way that it will not overwrite. */
  | 'swap-conflict'
  /** What is live after a restore is not what the manifest says. */
  | 'restored-data-differs';

/** Details that belong to some codes only. */
export type BackupErrorDetails = {
  /** The file or folder that the error is about. */
  readonly file?: string;
  /** The entry inside the archive, or the path inside the source. */
  readonly entry?: string;
  /** Number of the rule of the archive format that was broken, 1 to 13. */
  readonly rule?: number;
  /** Every problem found, where there can be several. */
  readonly problems?: readonly string[];
  readonly cause?: unknown;
};

const BRAND = '@dhash/backup-core/error';

/** The one error class of this package; the message says what failed, what was expected and what to do. */
export class BackupError extends Error {
  override readonly name = 'BackupError';
  readonly brand = BRAND;
  readonly code: BackupErrorCode;
  readonly file: string | undefined;
  readonly entry: string | undefined;
  readonly rule: number | undefined;
  readonly problems: readonly string[];

  constructor(code: BackupErrorCode, message: string, details: BackupErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.file = details.file;
    this.entry = details.entry;
    this.rule = details.rule;
    this.problems = details.problems ?? [];
  }
}

/** True for a {@link BackupError} of any copy of this package. */
export const isBackupError = (error: unknown): error is BackupError =>
  error instanceof Error && 'brand' in error && error.brand === BRAND;

/** The `code` of a Node system error (`ENOENT`, `EACCES` …), else undefined. */
export const systemCode = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

/** Whether the system itself said no (a disk, a permission), and not our own code. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error && systemCode(error) !== undefined;

/** What to do about an answer of the system, where it tells. */
const CURES: Readonly<Record<string, string>> = {
  ENOTDIR: 'a folder is expected where a file is',
  EISDIR: 'a file is expected where a folder is',
  EROFS: 'the disk is mounted read-only',
  EIO: 'the disk is failing',
};

const rightCure = (): string =>
  process.getuid?.() === 0
    ? 'this is root: a network disk that squashes root, or a read-only attribute; run as the user who owns it'
    : 'run as the user who owns it, or give this one the right';

/** `EACCES: permission denied (run as …)`: what the system said, without the call and the path that Node adds. */
export const systemSaid = (error: NodeJS.ErrnoException): string => {
  const said = error.message.replace(/, \w+(?: '.*')?$/s, '');
  const code = systemCode(error) ?? '';
  const cure = ['EACCES', 'EPERM'].includes(code) ? rightCure() : CURES[code];
  return cure === undefined ? said : `${said} (${cure})`;
};

/** For `catch` on what reads a file or folder: tells of it by name where the system said no. */
export const throwUnreadable =
  (file: string) =>
  (error: unknown): never => {
    if (!isSystemError(error)) throw error;
    throw new BackupError('unreadable', `${file} can't be read: ${systemSaid(error)}`, {
      file,
      cause: error,
    });
  };

/** The same for what writes into a folder. */
export const throwUnwritable =
  (folder: string) =>
  (error: unknown): never => {
    if (!isSystemError(error)) throw error;
    throw new BackupError('write-failed', `${folder} can't be written to: ${systemSaid(error)}`, {
      file: folder,
      cause: error,
    });
  };
