import { BackupError } from '../errors.ts';

/** How a run of rclone ended. */
export interface RcloneEnd {
  /** Null where a signal or the timeout ended it. */
  readonly exit: number | null;
  readonly stdout: string;
  /** What it said, for people. */
  readonly output: string;
}

/**
 * Runs rclone with these arguments, without a shell, in a process group that has ended when this returns.
 * Rejects with the signal's reason where it was aborted, and where rclone can't be started.
 */
export type Rclone = (args: readonly string[], signal?: AbortSignal) => Promise<RcloneEnd>;

/** Never asks, gives up in the end, and keeps what it prints to what went wrong. */
const ALWAYS = [
  '--ask-password=false',
  '--retries=2',
  '--low-level-retries=3',
  '--timeout=1m',
  '--contimeout=20s',
];
/** Options go before the `--` that ends them. */
const withAlways = ([command = '', ...rest]: readonly string[]): string[] => [
  command,
  ...ALWAYS,
  ...rest,
];
const SHOWN_CHARACTERS = 300;

/** Runs rclone and returns its standard output. @throws BackupError `copy-failed` */
export const mustRun = async (
  rclone: Rclone,
  args: readonly string[],
  what: string,
  signal?: AbortSignal,
): Promise<string> => {
  const { exit, stdout, output } = await rclone(withAlways(args), signal);
  if (exit === 0) return stdout;
  const said = output.trim().slice(-SHOWN_CHARACTERS);
  throw new BackupError(
    'copy-failed',
    `${what} failed: rclone ${exit === null ? 'was ended' : `exit ${exit}`}${said === '' ? '' : `: ${said}`}`,
  );
};

// https://rclone.org/docs/#exit-code
const DIRECTORY_NOT_FOUND = 3;
const FILE_NOT_FOUND = 4;

/** Bytes of a file at the remote; `missing` where there is no such file, `unknown` where the store does not say. */
export const sizeThere = async (
  rclone: Rclone,
  path: string,
  signal?: AbortSignal,
): Promise<number | 'missing' | 'unknown'> => {
  const args = ['lsf', '--files-only', '--format=s', '--', path];
  const { exit, stdout } = await rclone(withAlways(args), signal);
  if (exit === DIRECTORY_NOT_FOUND || exit === FILE_NOT_FOUND) return 'missing';
  // A store without folders lists nothing where there is nothing.
  if (exit === 0 && stdout === '') return 'missing';
  return exit === 0 && /^\d+\n$/.test(stdout) ? Number(stdout) : 'unknown';
};

/**
 * SHA-256 (hex) of a file at the remote, computed from the bytes that the remote gives back: what a store says
 * of itself is no check. Null where there is no such file.
 */
export const hashThere = async (
  rclone: Rclone,
  path: string,
  signal?: AbortSignal,
): Promise<string | null> => {
  const { exit, stdout } = await rclone(
    withAlways(['hashsum', 'sha256', '--download', '--', path]),
    signal,
  );
  return exit === 0 ? (/^([0-9a-f]{64}) /.exec(stdout)?.[1] ?? null) : null;
};
