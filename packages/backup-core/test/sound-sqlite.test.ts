import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { beforeEach, expect, it } from 'vitest';
import {
  compareData,
  createBackup,
  proveRestored,
  putAsideSources,
  type SqliteSource,
  stageRestore,
  swapIn,
  verifyBackup,
} from '../src/index.ts';
import { AT_MS } from './support/sample.ts';

let root: string;
let path: string;
let source: SqliteSource;

beforeEach(async () => {
  root = await tempFolder();
  path = join(root, 'live', 'library.db');
  await mkdir(join(root, 'live'));
  source = { name: 'library', type: 'sqlite', path };
});

const run = (sql: string, prepare: (db: DatabaseSync) => void = () => undefined): void => {
  const db = new DatabaseSync(path);
  prepare(db);
  db.exec(sql);
  db.close();
};

const backUp = () =>
  createBackup({
    ...{ dir: join(root, 'backups'), root, service: 'shop', env: 'production', release: null },
    ...{
      migrations: [],
      sources: [source],
      tool: { name: 'test', version: '1' },
      now: () => AT_MS,
    },
  });

/** With a function of the service's own: node:sqlite has no way to bring a collation. */
const withTwice = (db: DatabaseSync): void => {
  db.function('twice', { deterministic: true }, (n) => Number(n) * 2);
};

/** Python's sqlite3 brings both. */
const inPython = (sql: string): void => {
  execFileSync('/usr/bin/python3', [
    '-c',
    `import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.create_collation('LOCALIZED', lambda a, b: (a > b) - (a < b))
c.executescript(sys.argv[2])`,
    path,
    sql,
  ]);
};

const needs = {
  'a function in an index': () =>
    run(
      'CREATE TABLE t (n); INSERT INTO t VALUES (1), (2); CREATE INDEX i ON t (twice(n))',
      withTwice,
    ),
  'a function in a check': () =>
    run('CREATE TABLE t (n CHECK (twice(n) > 0)); INSERT INTO t VALUES (1), (2)', withTwice),
  'a function in a column': () =>
    run('CREATE TABLE t (n, m AS (twice(n)) STORED); INSERT INTO t (n) VALUES (1), (2)', withTwice),
  'a collation of a column': () =>
    inPython(
      "CREATE TABLE t (n TEXT COLLATE LOCALIZED); CREATE INDEX i ON t (n); INSERT INTO t VALUES ('a'), ('b')",
    ),
  'a collation of a key': () =>
    inPython(
      "CREATE TABLE t (n TEXT COLLATE LOCALIZED PRIMARY KEY) WITHOUT ROWID; INSERT INTO t VALUES ('a'), ('b')",
    ),
  'a foreign key to a column that is not unique': () =>
    run(
      'PRAGMA foreign_keys = OFF; CREATE TABLE m (c); CREATE TABLE t (c REFERENCES m (c)); INSERT INTO t VALUES (1), (2)',
    ),
};

it.each(Object.entries(needs))(
  '%s is no damage: it is backed up, noted, and restored',
  async (what, make) => {
    make();
    const { file, manifest, notes } = await backUp();
    // SQLite's check needs neither.
    const isSilent = ['a function in a check', 'a function in a column'].includes(what);
    expect(notes.length > 0).toBe(!isSilent);
    expect(notes.every((note) => note.startsWith('library: '))).toBe(true);
    // Without its collation such a table can't even be counted.
    const rows = what === 'a collation of a key' ? {} : { t: 2 };
    expect(manifest.sources[0]?.tables).toMatchObject(rows);
    await verifyBackup(file);
    const { targets } = await stageRestore(file, { id: 'r', targets: [source] });
    await swapIn(targets);
    await proveRestored(manifest, [source]);
  },
);

it('rows that break a rule of their own table are as they were written', async () => {
  run(
    `CREATE TABLE t (n CHECK (n > 0)); PRAGMA ignore_check_constraints = ON; INSERT INTO t VALUES (-1)`,
  );
  await verifyBackup((await backUp()).file);
});

it('what is damaged is so with a function that is not here, too', async () => {
  needs['a function in an index']();
  run(
    'CREATE TABLE pad (x); INSERT INTO pad SELECT hex(zeroblob(3000)) FROM (VALUES (1), (2), (3), (4))',
  );
  const { open } = await import('node:fs/promises');
  const handle = await open(path, 'r+');
  const { size } = await handle.stat();
  for (let at = 2 * 4096; at < size; at += 4096)
    await handle.write(Buffer.alloc(2000, 0xff), 0, 2000, at);
  await handle.close();
  await expect(backUp()).rejects.toMatchObject({ code: 'sqlite-damaged' });
});

it('a file that is none is damaged', async () => {
  await writeFile(path, 'x'.repeat(8192));
  await expect(backUp()).rejects.toThrow('library');
});

it('tells of rows that were changed since, though they are as many', async () => {
  run(
    'CREATE TABLE a (n); INSERT INTO a VALUES (1), (2); CREATE TABLE b (n); INSERT INTO b VALUES (1)',
  );
  const { file, manifest } = await backUp();
  const { targets } = await stageRestore(file, { id: 'r', targets: [source] });
  run('UPDATE a SET n = 3 WHERE n = 2; PRAGMA journal_mode = WAL');
  await swapIn(targets);
  const aside = await putAsideSources(targets);
  const { tables } = await compareData(manifest, aside, { backup: file });
  expect(tables).toEqual([{ source: 'library', table: 'a', before: 2, after: 2 }]);
});

it('calls nothing written where the file is another and the rows are the same', async () => {
  run('CREATE TABLE a (n); INSERT INTO a VALUES (1), (2)');
  const { file, manifest } = await backUp();
  run('UPDATE a SET n = 9 WHERE n = 2; UPDATE a SET n = 2 WHERE n = 9; VACUUM');
  expect((await compareData(manifest, [source], { backup: file })).tables).toEqual([]);
});
