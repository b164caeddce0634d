import { isAbsolute } from 'node:path';
import { checkNameParts } from './backup-name.ts';
import { type Disk, realDisk } from './disk.ts';
import { BackupError } from './errors.ts';
import { kindOf } from './kind/kinds.ts';
import type { FormatLimits } from './limits.ts';
import type { DataSource, DiskOption, Progress, RescueHints, ToolStamp } from './types.ts';
import { nameProblem } from './zip/entry-name.ts';

/** What {@link createBackup} needs to know. */
export interface BackupOptions extends DiskOption {
  /** Folder that the backup goes to; made (0700) where it is missing. Absolute. */
  readonly dir: string;
  /** Folder that the path in the sidecar is relative to: where `sha256sum -c` is run. Absolute. */
  readonly root: string;
  readonly service: string;
  readonly env: string;
  /** Release that the data belongs to; null where none is known. */
  readonly release: string | null;
  /** Migrations applied to the data. */
  readonly migrations: readonly string[];
  /** A word in the name: `[a-z0-9][a-z0-9._-]{0,40}`. */
  readonly tag?: string | undefined;
  readonly sources: readonly DataSource[];
  readonly tool: ToolStamp;
  /** Unix epoch, ms. */
  readonly now: () => number;
  /** Aborting leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** `null`: everything is read, checked and packed, and nothing is kept. */
  readonly sink?: 'file' | 'null' | undefined;
  /** With `sink: 'null'`: a folder of the caller's for copies of databases. Default: a new one in the system's temporary folder. */
  readonly rehearseIn?: string | undefined;
  /** Reads every file, instead of taking over what did not change since the previous backup. */
  readonly rehash?: boolean | undefined;
  /** What the rescue script beside the backup says of the service; `none`: there is no such script. */
  readonly rescue?: RescueHints | 'none' | undefined;
  /** Pauses before a file that changed while it was read is read again, ms. Default 50, 200, 1000. */
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/** The same with everything decided. */
export interface BackupJob extends Omit<BackupOptions, 'tag' | 'sink' | 'disk'> {
  readonly tag: string | null;
  readonly sink: 'file' | 'null';
  readonly disk: Disk;
  readonly limits: FormatLimits;
}

const SOURCE_NAME = /^[a-z0-9][a-z0-9_-]{0,40}$/;

/** @throws BackupError `bad-option` naming every problem */
export const checkOptions = (options: BackupOptions, limits: FormatLimits): BackupJob => {
  const { sources } = options;
  const tag = options.tag ?? null;
  checkNameParts(options.env, tag);
  const problems = sourceProblems(sources);
  if (!isAbsolute(options.dir) || !isAbsolute(options.root))
    problems.push('"dir" and "root" must be absolute');
  if (problems.length > 0)
    throw new BackupError('bad-option', `this can't be backed up: ${problems.join('; ')}`, {
      problems,
    });
  return { ...options, tag, sink: options.sink ?? 'file', disk: options.disk ?? realDisk, limits };
};

/** What is wrong with a list of sources, for a backup or a restore. */
export const sourceProblems = (sources: readonly DataSource[]): string[] => {
  const problems: string[] = [];
  const seen = new Set<string>();
  if (sources.length === 0) problems.push('no source is named');
  for (const source of sources) {
    const { name } = source;
    if (!SOURCE_NAME.test(name) || nameProblem(name) !== null)
      problems.push(`the source name ${JSON.stringify(name)} must match [a-z0-9][a-z0-9_-]{0,40}`);
    if (seen.has(name)) problems.push(`two sources are called "${name}"`);
    seen.add(name);
    problems.push(...kindOf(source).problems(source));
  }
  return problems;
};
