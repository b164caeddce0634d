import { dirname } from 'node:path';
import { type Disk, syncFolder } from '../disk.ts';
import { exists } from '../restore/move.ts';

/** Removes a `.dhash-restore-<id>` folder durably; gone already is as good. */
export const discardFolder = async (disk: Disk, work: string): Promise<void> => {
  await disk.rm(work, { recursive: true, force: true });
  if (await exists(dirname(work))) await syncFolder(disk, dirname(work));
};
