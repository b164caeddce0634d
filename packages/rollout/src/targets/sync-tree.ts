import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Files that are flushed at a time. */
const atOnce = 16;

const isWindows = process.platform === 'win32';

const flush = async (path: string, flags: string): Promise<void> => {
  const handle = await open(path, flags);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Makes the names in a folder durable. Windows can't open a folder, and needs no such call. */
export const syncNames = async (folder: string): Promise<void> => {
  if (!isWindows) await flush(folder, 'r');
};

const syncFile = async (file: string): Promise<void> => {
  try {
    // Windows flushes only what was opened for writing.
    await flush(file, isWindows ? 'r+' : 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    // An artifact may hold a file that may not even be read; opened for appending, nothing is written to it.
    await flush(file, 'a');
  }
};

/** Makes all that lies in a folder durable, contents first, and then the names. Links go with their folder. */
export const syncTree = async (folder: string): Promise<void> => {
  const entries = await readdir(folder, { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map(({ name }) => join(folder, name));
  for (let at = 0; at < files.length; at += atOnce)
    await Promise.all(files.slice(at, at + atOnce).map(syncFile));
  for (const entry of entries) if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  await syncNames(folder);
};
