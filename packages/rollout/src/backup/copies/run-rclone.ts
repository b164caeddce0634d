import { BackupError, type Rclone } from '@dhash/backup-core';
import { isNotThere } from '../../errors.ts';
import { isCommandError, runCommand } from '../../process/run-command.ts';

/** A zip of hundreds of gigabytes over a slow line; rclone itself gives up sooner on a line that is silent. */
const TIMEOUT_MS = 12 * 60 * 60 * 1000;

/** The machine's own rclone, with its configuration and environment but for variables that only others need. */
export const runRclone =
  (cwd: string, withheld: readonly string[]): Rclone =>
  async (args, signal) => {
    const { exit, stdout, output } = await runCommand({
      command: ['rclone', ...args],
      cwd,
      env: {},
      withheld,
      timeoutMs: TIMEOUT_MS,
      signal,
    }).catch((error: unknown) => {
      if (!isCommandError(error) || !isNotThere(error.cause)) throw error;
      throw new BackupError(
        'copy-failed',
        'rclone is not there: copies of backups need it on PATH (https://rclone.org/install)',
        { cause: error },
      );
    });
    return { exit, stdout, output };
  };
