import { copyFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { makeDatabase } from '../support/sample.ts';
import { cutDisk, difference, type MakeLiveData } from './live-data.ts';

export const makeSqlite: MakeLiveData = async (root) => {
  const path = join(root, 'library.db');
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
    finds: 'library/library.db: another content',
    leftovers: async () => (await readdir(root)).filter((name) => name.startsWith('.dhash-')),
    cutAfter: cutDisk,
  };
};
