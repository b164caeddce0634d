import type { Rclone } from '@dhash/backup-core';
import { runCommand } from '../../command/run-command.ts';

/** A zip of hundreds of gigabytes over a slow line; rclone itself gives up sooner on a line that is silent. */
const TIMEOUT_MS = 12 * 60 * 60 * 1000;

/** The machine's own rclone, with its configuration and environment. */
export const runRclone =
  (cwd: string): Rclone =>
  async (args, signal) => {
    const { exit, stdout, output } = await runCommand({
      command: ['rclone', ...args],
      cwd,
      env: {},
      timeoutMs: TIMEOUT_MS,
      signal,
    });
    return { exit, stdout, output };
  };
