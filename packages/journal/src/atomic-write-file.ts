import { randomUUID } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { replaceFile } from '@dhash/basics/replace-file';
import { giveToOwnerOf } from './give-to-owner.ts';

/**
 * Writes a file so that under its name there is, at any moment and after a power cut, either what
 * was there or all of `data`. What root writes belongs to the owner of the folder.
 *
 * @param options.mode Permission bits; 0600 unless told, since records may hold data.
 */
export const atomicWriteFile = async (
  file: string,
  data: string | Uint8Array,
  options: { mode?: number } = {},
): Promise<void> => {
  const mode = options.mode ?? 0o600;
  const part = join(dirname(file), `.${basename(file)}.${randomUUID()}.part`);
  await replaceFile(file, part, data, {
    mode,
    prepare: async (handle) => {
      // The mode given to open is cut by the umask.
      await handle.chmod(mode);
      await giveToOwnerOf(dirname(file), handle);
    },
  });
};
