import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cutDisk, difference, type MakeLiveData } from './live-data.ts';

export const makeFiles: MakeLiveData = async (root) => {
  const path = join(root, 'images');
  const card = join(path, 'ace.txt');
  await mkdir(path);
  await writeFile(card, 'as backed up');
  return {
    source: { name: 'images', type: 'files', path },
    unreadable: { name: 'images', type: 'files', path: join(root, 'elsewhere') },
    read: () => readFile(card, 'utf8'),
    write: () => writeFile(card, 'written'),
    written: difference({ changed: { count: 1, names: ['images/ace.txt'] } }),
    damage: () => writeFile(card, 'AS BACKED UP'),
    finds: 'images/ace.txt: another content',
    leftovers: async () => (await readdir(root)).filter((name) => name.startsWith('.dhash-')),
    cutAfter: cutDisk,
  };
};
