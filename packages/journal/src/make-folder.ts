import { makeFolder as make } from '@dhash/basics/folders';
import { giveFolderToOwnerOf } from './give-to-owner.ts';

/**
 * Makes a folder (0700) and those above it that are missing; each has its name durably when this
 * resolves. What root makes belongs to the owner of the folder that was there.
 */
export const makeFolder = (folder: string): Promise<void> =>
  make(folder, { onMade: (made, wasThere) => giveFolderToOwnerOf(wasThere, made) });
