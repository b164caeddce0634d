import { copyFile, mkdir, readdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDatabase } from '../support/sample.ts';
import { cutDisk, difference, type LiveData, type MakeLiveData } from './live-data.ts';

export const makeSqlite: MakeLiveData = (root) => makeAt(root, join(root, 'library.db'));

/** A database that is reached by a link to another folder, where its logs lie too. */
export const makeLinkedSqlite: MakeLiveData = async (root) => {
  await mkdir(join(root, 'volume'));
  const live = await makeAt(join(root, 'volume'), join(root, 'volume', 'real.db'));
  const path = join(root, 'library.db');
  await symlink('volume/real.db', path);
  return {
    ...live,
    source: { name: 'library', type: 'sqlite', path },
    read: async () => ({ rows: await live.read(), link: await readlink(path) }),
  };
};

const makeAt = async (root: string, path: string): Promise<LiveData> => {
  await makeDatabase(path, 3);
  const run = async (sql: string, file = path) => {
    const db = new DatabaseSync(file);
    db.exec(sql);
    db.close();
  };
  return {
    source: { name: 'library', type: 'sqlite', path },
    unreadable: { name: 'library', type: 'sqlite', path: join(root, 'elsewhere.db') },
    read: async () => {
      const copy = join(root, 'look.db');
      await copyFile(path, copy);
      const db = new DatabaseSync(copy);
      const rows = db.prepare('SELECT hash FROM hashes').all();
      db.close();
      return rows;
    },
    write: () => run("INSERT INTO hashes (hash) VALUES ('written')"),
    written: difference({
      tables: [{ source: 'library', table: 'hashes', before: 3, after: 4 }],
    }),
    damage: () => run('UPDATE hashes SET hash = 0'),
    finds: ': another content',
    leftovers: async () => (await readdir(root)).filter((name) => name.startsWith('.dhash-')),
    cutAfter: cutDisk,
  };
};
