import { mkdir } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { giveFolderToOwnerOf } from './give-to-owner.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Makes a folder (0700) and those above it that are missing; each has its name durably when this
 * resolves. What root makes belongs to the owner of the folder that was there.
 */
export const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(folder); made !== top; made = dirname(made)) {
    await giveFolderToOwnerOf(top, made);
    await syncFolder(dirname(made));
  }
};
