import { lstat } from 'node:fs/promises';
import { systemCode } from '../errors.ts';
import type { Owner } from '../stored-owner.ts';

/**
 * Who owns what is live, where what replaces it has to be given to them: root restores, and the service of another
 * user must be able to go on reading and writing. Null where nothing is live, where we are not root, or own it.
 */
export const ownerOf = async (live: string): Promise<Owner | null> => {
  if (process.geteuid?.() !== 0) return null;
  try {
    const { uid, gid } = await lstat(live);
    return uid === 0 && gid === process.getegid?.() ? null : { uid, gid };
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
};
