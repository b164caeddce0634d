import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';

/**
 * What root makes in another user's folder becomes that user's: else one command that was run as
 * root locks the user out of the record. Does nothing for anybody else.
 *
 * @param handle of what was just made: by its name, somebody could put a link there first
 */
export const giveToOwnerOf = async (folder: string, handle: FileHandle): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  if (uid !== 0) await handle.chown(uid, gid);
};

/** The same for a folder that was just made in `parent`. */
export const giveFolderToOwnerOf = async (parent: string, folder: string): Promise<void> => {
  if (process.getuid?.() !== 0) return;
  const handle = await open(
    folder,
    constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW,
  );
  try {
    await giveToOwnerOf(parent, handle);
  } finally {
    await handle.close();
  }
};
