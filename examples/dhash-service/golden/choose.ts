// Makes the golden pictures anew: node examples/dhash-service/golden/choose.ts, then derive.py.
// It chooses, it does not say what is right: the expected hashes are derive.py's.
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { decode } from '../releases/1.0/decode.ts';
import { cellSums } from '../src/dhash.ts';
import { componentKinds } from '../src/pictures/draw-component.ts';
import { photograph } from '../src/pictures/photograph.ts';

/** Not a seed of the library: the golden pictures are unknown to it. */
const firstSeed = 5_000_000;
const perKind = 3;
/**
 * Grey levels of 255 between any two neighbouring cells: no bit hangs on how a JPEG library rounds
 * (at most one level), so the hashes hold on every machine.
 */
const leastStep = 1.5;

const smallestStep = async (bytes: Buffer): Promise<number> => {
  const plane = await decode(bytes);
  const sums = cellSums(plane);
  const perLevel = 1000 * plane.width * plane.height;
  let least = Number.POSITIVE_INFINITY;
  for (let at = 0; at < sums.length; at++)
    if (at % 9 !== 8)
      least = Math.min(least, Math.abs((sums[at + 1] as number) - (sums[at] as number)) / perLevel);
  return least;
};

const folder = import.meta.dirname;
for (const name of await readdir(folder))
  if (/\.(jpg|png|webp)$/.test(name)) await rm(join(folder, name));

for (const [row, kind] of componentKinds.entries())
  for (let found = 0, seed = firstSeed + row * 100_000; found < perKind; seed++) {
    const { bytes, extension } = await photograph(kind, 'table', seed);
    if ((await smallestStep(bytes)) < leastStep) continue;
    found++;
    const asPng = found === perKind;
    const file = `${kind}-${found}.${asPng ? 'png' : extension}`;
    await writeFile(join(folder, file), asPng ? await sharp(bytes).png().toBuffer() : bytes);
    process.stdout.write(`${file} (seed ${seed})\n`);
  }
