import { randomBytes } from 'node:crypto';
import { renameSync, unlinkSync } from 'node:fs';
import { link, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '@dhash/basics/code-of';
import { makeFolder as make, syncFolder as sync } from '@dhash/basics/folders';
import { replaceFile as replaceFileBy, writeNewFile } from '@dhash/basics/replace-file';

/**
 * The code of what the disk refused, or null where all went well.
 * @throws what is no system's error: a mistake of ours.
 */
export const diskFailure = async (act: () => Promise<unknown>): Promise<string | null> => {
  try {
    await act();
    return null;
  } catch (error) {
    const code = codeOf(error);
    if (code === '') throw error;
    return code;
  }
};

/** What file systems say that sync no folder, and folders that may be written and not read. */
const syncsNoFolder = ['EISDIR', 'EPERM', 'EINVAL', 'EACCES'];

/** Makes names in a folder survive a power cut, where its disk can: a message is taken all the same. */
export const syncFolder = async (folder: string): Promise<void> => {
  try {
    await sync(folder);
  } catch (error) {
    if (!syncsNoFolder.includes(codeOf(error))) throw error;
  }
};

/** A folder that only its owner may read, with those above it; the name of each new one is durable. */
export const makeFolder = (folder: string): Promise<void> =>
  make(folder, { syncNames: syncFolder });

/** Names in a folder; none where it is not there. */
export const namesIn = async (folder: string): Promise<string[]> => {
  try {
    return await readdir(folder);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  }
};

/** A file's text; null where it is not there (any more). */
export const readIfThere = async (file: string): Promise<string | null> => {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
};

// Names change in microseconds, so these two don't go through the thread pool: the trip there and back
// was a third of what a message of a flush costs.

/** Removes a file, if it is there. */
export const removeFile = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error;
  }
};

/** Renames a file; false where it is not there (any more). */
export const takeFile = (from: string, to: string): boolean => {
  try {
    renameSync(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
};

const nameBeside = (path: string): string =>
  join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);

/** Writes a whole new file; false where the name is taken, which is left as it is. */
export const writeNew = async (path: string, data: string): Promise<boolean> => {
  const temporary = nameBeside(path);
  await writeNewFile(temporary, data);
  try {
    await link(temporary, path);
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    removeFile(temporary);
  }
  await syncFolder(dirname(path));
  return true;
};

/** Replaces a file as a whole. */
export const replaceFile = (path: string, data: string): Promise<void> =>
  replaceFileBy(path, nameBeside(path), data, { syncNames: syncFolder });
