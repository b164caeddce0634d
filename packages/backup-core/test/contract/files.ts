import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
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

/** A folder of which backups leave something out: that stays where it is, whatever is swapped. */
export const makeFilteredFiles: MakeLiveData = async (root) => {
  const live = await makeFiles(root);
  const path = join(root, 'images');
  const kept = [join(path, 'cache', 'page'), join(path, 'cards', 'deep', 'new.tmp')];
  for (const file of kept) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'as the service left it');
  }
  await writeFile(join(path, 'cards', 'deep', 'king.txt'), 'a king');
  await mkdir(join(path, 'empty'));
  return {
    ...live,
    source: { name: 'images', type: 'files', path, exclude: ['cache', '*.tmp'] },
    read: async () => ({
      card: await live.read(),
      names: (await readdir(path, { recursive: true })).sort(),
      kept: await Promise.all(kept.map((file) => readFile(file, 'utf8'))),
    }),
  };
};

/** One of which backups would leave something out that is not there: it moves as a whole. */
export const makeCleanFiles: MakeLiveData = async (root) => {
  const live = await makeFiles(root);
  const path = join(root, 'images');
  return { ...live, source: { name: 'images', type: 'files', path, exclude: ['cache', '*.tmp'] } };
};
