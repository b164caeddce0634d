import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { giveToOwnerOf } from './give-to-owner.ts';
import { syncFolder } from './sync-folder.ts';

/**
 * Writes a file so that under its name there is, at any moment and after a power cut, either what
 * was there or all of `data`: written beside it, fsynced, renamed over it, folder fsynced. What root
 * writes belongs to the owner of the folder.
 *
 * @param options.mode Permission bits; 0600 unless told, since records may hold data.
 */
export const atomicWriteFile = async (
  file: string,
  data: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> => {
  const part = join(dirname(file), `.${basename(file)}.${randomUUID()}.part`);
  const mode = options.mode ?? 0o600;
  try {
    const handle = await open(part, 'wx', mode);
    try {
      await handle.writeFile(data);
      // The mode given to open is cut by the umask.
      await handle.chmod(mode);
      await giveToOwnerOf(dirname(file), handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await syncFolder(dirname(file));
};
