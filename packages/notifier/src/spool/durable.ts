import { randomBytes } from 'node:crypto';
import { renameSync, unlinkSync } from 'node:fs';
import { link, mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { codeOf } from '../error-code.ts';

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

/** Makes names in a folder survive a power cut. Windows can't and need not. */
export const syncFolder = async (folder: string): Promise<void> => {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!['EISDIR', 'EPERM', 'EINVAL', 'EACCES'].includes(codeOf(error))) throw error;
  }
};

/** A folder that only its owner may read, with those above it; the name of each new one is durable. */
export const makeFolder = async (folder: string): Promise<void> => {
  const first = await mkdir(folder, { recursive: true, mode: 0o700 });
  if (first === undefined) return;
  const top = dirname(resolve(first));
  for (let made = resolve(folder); made !== top; made = dirname(made))
    await syncFolder(dirname(made));
};

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

const writeBeside = async (path: string, data: string): Promise<string> => {
  const temporary = join(dirname(path), `.${randomBytes(8).toString('hex')}.tmp`);
  const handle = await open(temporary, 'wx', 0o600);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    removeFile(temporary);
    throw error;
  } finally {
    await handle.close();
  }
  return temporary;
};

/** Writes a whole new file; false where the name is taken, which is left as it is. */
export const writeNew = async (path: string, data: string): Promise<boolean> => {
  const temporary = await writeBeside(path, data);
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
export const replaceFile = async (path: string, data: string): Promise<void> => {
  const temporary = await writeBeside(path, data);
  await rename(temporary, path);
  await syncFolder(dirname(path));
};
