import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Disk, syncFolder } from '../disk.ts';
import { BackupError, systemCode } from '../errors.ts';
import { absentMarker, type PathTarget } from './staged-target.ts';

/** Whether something, if only a link, has this name. */
export const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    // ENOTDIR: a file is where its folder would be.
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return false;
    throw error;
  }
};

/** Something is in the way that a swap will not overwrite. */
export const conflict = (target: PathTarget, what: string): BackupError =>
  new BackupError(
    'swap-conflict',
    `the data of "${target.name}" can't be swapped: ${what}. Is the service still running? Nothing was overwritten; ${target.previous} holds what was live`,
    { file: target.live },
  );

/** Moves a file or folder to a name that must be free, durably. */
export const move = async (disk: Disk, from: string, to: string): Promise<void> => {
  await disk.rename(from, to);
  await syncFolder(disk, dirname(from));
  if (dirname(to) !== dirname(from)) await syncFolder(disk, dirname(to));
};

/** Notes that there is no live data to put aside. */
export const markAbsent = async (disk: Disk, target: PathTarget): Promise<void> => {
  const marker = absentMarker(target);
  if (await exists(marker)) return;
  await (await disk.open(marker, 'wx', 0o600)).close();
  await syncFolder(disk, dirname(marker));
};
