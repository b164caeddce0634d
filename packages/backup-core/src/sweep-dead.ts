import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Disk } from './disk.ts';
import { isRunning } from './work-files.ts';

/**
 * Removes from a folder what processes that are gone left there.
 *
 * @param pattern of such names; its first group is the pid of who made it
 */
export const sweepDead = async (disk: Disk, folder: string, pattern: RegExp): Promise<void> => {
  for (const name of await readdir(folder)) {
    const pid = pattern.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid)))
      await disk.rm(join(folder, name), { recursive: true, force: true });
  }
};
