import { realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { realDisk } from '../disk.ts';
import { throwUnreadable, throwUnwritable } from '../errors.ts';
import type { DiskOption } from '../types.ts';
import { removeWhole, sweepUnfinished, workName } from '../work-files.ts';

export interface ScratchOptions extends DiskOption {
  /** Folder that it is made in; must exist. Absolute. */
  readonly dir: string;
  /** Unix epoch, ms. */
  readonly now: number;
}

/**
 * Runs `work` with a folder of its own (0700), and removes that whatever happens. What a killed process left of
 * the kind is removed first.
 */
export const withScratch = async <T>(
  { dir, now, disk = realDisk }: ScratchOptions,
  work: (folder: string) => Promise<T>,
): Promise<T> => {
  await sweepUnfinished(disk, dir, now).catch(throwUnreadable(dir));
  // Without links in it: two names of one place would be two places to whoever compares them.
  const folder = join(await realpath(dir), workName('drill'));
  await disk.mkdir(folder, { mode: 0o700 }).catch(throwUnwritable(dir));
  try {
    return await work(folder);
  } finally {
    await removeWhole(disk, folder);
  }
};
