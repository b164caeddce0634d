import { readdir, readFile } from 'node:fs/promises';
import { join, parse } from 'node:path';
import { differenceHash } from './dhash.ts';
import { isServiceError } from './errors.ts';
import type { Library } from './library.ts';
import type { Log } from './log.ts';
import type { Release } from './release.ts';

const pictureFile = /^[^.].*\.(jpe?g|png|webp)$/i;

/**
 * Records the images of the folder in an empty library. A picture that can't be hashed is left out and
 * logged: one bad file must not keep the others from being known.
 *
 * @param onProgress told after each picture
 * @returns how many were recorded
 */
export const fillLibrary = async (
  library: Library,
  release: Release,
  log: Log,
  now: () => number,
  onProgress: (done: number, of: number) => void,
): Promise<number> => {
  const files = (await readdir(library.imagesFolder))
    .filter((name) => pictureFile.test(name))
    .sort();
  let recorded = 0;
  for (const [done, file] of files.entries()) {
    onProgress(done, files.length);
    try {
      const plane = await release.decode(await readFile(join(library.imagesFolder, file)));
      library.record({ name: parse(file).name, file, hash: differenceHash(plane) }, now());
      recorded++;
    } catch (error) {
      if (!isServiceError(error)) throw error;
      log('warn', 'picture left out of the library', {
        file,
        code: error.code,
        reason: error.message,
      });
    }
  }
  return recorded;
};
