import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandSource } from '../../src/index.ts';
import { cutDisk, difference, type MakeLiveData } from './live-data.ts';

/** A store whose data is a file, reached by commands alone. */
export const makeCommand: MakeLiveData = async (root) => {
  const folder = join(root, 'work');
  const store = join(root, 'store');
  await mkdir(folder);
  await writeFile(store, 'as backed up');
  const source: CommandSource = {
    name: 'cache',
    type: 'command',
    dump: 'cat store',
    load: 'cat > store',
    folder,
    cwd: root,
  };
  return {
    source,
    unreadable: { ...source, dump: 'cat store; exit 3' },
    read: () => readFile(store, 'utf8'),
    write: () => writeFile(store, 'written'),
    written: difference(),
    damage: () => rm(store),
    finds: 'the dump command of the source "cache"',
    leftovers: () => readdir(folder),
    cutAfter: cutDisk,
  };
};
