import { copyFile, mkdir, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { listBackups, proveRestored, stageRestore, swapIn } from '../src/index.ts';

const GOLDEN = fileURLToPath(new URL('./golden/', import.meta.url));
const released = await listBackups(GOLDEN);

it('keeps a backup of each released version', () => {
  expect(released.map(({ tag }) => tag)).toContain('0.1.0');
});

it.each(released)('verifies and restores the backup of version $tag', async ({ file, name }) => {
  const root = await tempFolder();
  const copy = join(root, name);
  await copyFile(file, copy);
  await copyFile(`${file}.sha256`, `${copy}.sha256`);
  const live = join(root, 'live');
  await mkdir(live);
  const sources = [
    { name: 'images', type: 'files', path: join(live, 'images') },
    { name: 'library', type: 'sqlite', path: join(live, 'library.db') },
  ] as const;
  const { targets, manifest } = await stageRestore(copy, { id: 'golden', targets: sources });
  await swapIn(targets);
  const proof = await proveRestored(manifest, sources);
  expect(proof.tables).toEqual({ library: { hashes: 2 } });
  expect((await readdir(join(live, 'images'))).sort()).toEqual(
    ['12:30.txt', 'a.json', 'empty', 'link', 'noise.bin', 'nothing'].sort(),
  );
  expect(await readFile(join(live, 'images', 'a.json'), 'utf8')).toBe('text '.repeat(500));
  expect(await readlink(join(live, 'images', 'link'))).toBe('a.json');
});
