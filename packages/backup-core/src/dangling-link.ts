import { lstat, readlink, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError, systemCode } from './errors.ts';

const isThere = async (look: Promise<unknown>): Promise<boolean> => {
  try {
    await look;
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
};

/**
 * For a folder that is not there: where a link on its way leads nowhere, its data is elsewhere (a disk that is not
 * mounted), and neither is it empty nor is it to be made.
 *
 * @throws BackupError `unreadable`
 */
export const refuseDanglingLink = async (folder: string): Promise<void> => {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (!(await isThere(lstat(at)))) continue;
    if (await isThere(stat(at))) return;
    throw new BackupError(
      'unreadable',
      `${at} is a link to ${await readlink(at)}, which is not there: mount what it lies on, or make that folder`,
      { file: at },
    );
  }
};
