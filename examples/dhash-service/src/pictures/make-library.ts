import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { componentKinds } from './draw-component.ts';
import { photograph } from './photograph.ts';

/** How many pictures the example library has. */
const librarySize = 300;

const firstSeed = 1_000_000;
const atOnce = 4;
/** Every fourth picture of each kind is a cut-out with alpha. */
const cutOutEvery = 4;

/**
 * Makes the folder with its pictures, or, where that fails, nothing: they are made beside it and renamed.
 *
 * @param folder must not exist
 * @param size how many pictures; the first ones are always the same
 */
export const makeLibrary = async (folder: string, size = librarySize): Promise<void> => {
  const beside = `${folder}.${process.pid}.part`;
  await mkdir(beside, { recursive: true, mode: 0o700 });
  try {
    let next = 0;
    const work = async () => {
      while (next < size) {
        const at = next++;
        const round = Math.floor(at / componentKinds.length);
        const kind = componentKinds[at % componentKinds.length] ?? 'card';
        const ground = round % cutOutEvery === cutOutEvery - 1 ? 'cut-out' : 'table';
        const { bytes, extension } = await photograph(kind, ground, firstSeed + at);
        const name = `${kind}-${String(round + 1).padStart(3, '0')}.${extension}`;
        await writeFile(join(beside, name), bytes, { mode: 0o600 });
      }
    };
    await Promise.all(Array.from({ length: atOnce }, work));
    await rename(beside, folder);
  } finally {
    await rm(beside, { recursive: true, force: true });
  }
};
