import { copyFile, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { readTables, salvaging } from './support/salvaging.ts';

const run = (path: string, sql: string): void => {
  const db = new DatabaseSync(path);
  db.exec(sql);
  db.close();
};

const all = (path: string, sql: string): unknown[] => {
  const db = new DatabaseSync(path);
  try {
    return db.prepare(sql).all();
  } finally {
    db.close();
  }
};

/** A database that was backed up, written to, set aside, put back, and written to again. */
const history = async (schema: string, since: string, later = '') => {
  const root = await tempFolder();
  const live = join(root, 'shop.db');
  run(live, schema);
  const tools = salvaging(root, [{ name: 'shop', type: 'sqlite', path: live }]);
  const base = await tools.backUp();
  const good = join(root, 'good.db');
  await copyFile(live, good);
  run(live, since);
  const copy = await tools.backUp();
  await copyFile(good, live);
  if (later !== '') run(live, later);
  return { root, live, base, copy, ...tools };
};

it('sorts rows into those to put in, those that stand against a live one, and those that are there', async () => {
  const { copy, base, find } = await history(
    `CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT NOT NULL);
     INSERT INTO orders VALUES (1, 'old'), (2, 'old'), (3, 'old'), (9, 'deleted later')`,
    `INSERT INTO orders VALUES (4, 'new'), (5, 'new'), (6, 'the same');
     UPDATE orders SET note = 'changed' WHERE id = 2; DELETE FROM orders WHERE id = 3`,
    `INSERT INTO orders VALUES (5, 'of the good release'), (6, 'the same'); DELETE FROM orders WHERE id = 9`,
  );
  const { orders } = await readTables(await find(copy, base));
  expect(orders).toEqual({
    there: 1,
    inserts: [{ id: '4', note: 'new' }],
    conflicts: [
      [
        { id: '2', note: 'changed' },
        'a live row has the same key and other content',
        { id: '2', note: 'old' },
      ],
      [
        { id: '5', note: 'new' },
        'a live row has the same key and other content',
        { id: '5', note: 'of the good release' },
      ],
    ],
    lacking: {},
  });
});

it('puts in what stands against nothing, once, and reads without a trace', async () => {
  const { root, live, copy, base, find, put } = await history(
    `CREATE TABLE orders (id INTEGER PRIMARY KEY AUTOINCREMENT, note TEXT); INSERT INTO orders VALUES (1, 'old')`,
    `INSERT INTO orders VALUES (7, 'new'); UPDATE orders SET note = 'changed' WHERE id = 1`,
  );
  const before = await readFile(live);
  await find(copy, base);
  expect(await readFile(live)).toEqual(before);
  expect((await readdir(root)).filter((name) => name.startsWith('shop.db'))).toEqual(['shop.db']);
  const { put: first } = await put(copy, base, ['orders']);
  expect(first).toEqual([
    { kind: 'tables', name: 'shop', tables: [{ table: 'orders', inserted: 1, refused: [] }] },
  ]);
  const rows = [
    { id: 1, note: 'old' },
    { id: 7, note: 'new' },
  ];
  expect(all(live, 'SELECT * FROM orders')).toEqual(rows);
  expect(all(live, "SELECT seq FROM sqlite_sequence WHERE name = 'orders'")).toEqual([{ seq: 7 }]);
  const again = await put(copy, base, ['orders']);
  expect(again.put).toEqual([]);
  expect((await readTables(again.found))['orders']).toMatchObject({ there: 1, inserts: [] });
  expect(all(live, 'SELECT * FROM orders')).toEqual(rows);
});

it('keeps every value as it was: bytes, NUL, numbers of either kind, text that is no text', async () => {
  const { live, copy, base, put } = await history(
    `CREATE TABLE "odd ""t" ("a ""b", "select" TEXT, twice GENERATED ALWAYS AS ("a ""b" || 'x'), PRIMARY KEY ("select")) WITHOUT ROWID`,
    `INSERT INTO "odd ""t" VALUES (1, 'int'), (1.0, 'real'), ('1', 'text'), (x'00ff', 'blob'), (NULL, 'null'),
       (9e999, 'infinite'), (0.1, 'tenth'), (9223372036854775807, 'most'), (CAST(x'61ff62' AS TEXT), 'latin'),
       ('a' || char(0) || 'b', 'nul'), (char(0xfeff) || 'bom', 'bom'), ('it''s', 'quote'), ('', 'empty')`,
  );
  const values = `SELECT "select", typeof("a ""b") AS type, hex("a ""b") AS bytes, "twice" AS twice FROM "odd ""t" ORDER BY 1`;
  const put1 = await put(copy, base, ['odd "t']);
  expect(put1.put).toMatchObject([{ tables: [{ inserted: 13, refused: [] }] }]);
  const rows = all(live, values);
  expect(rows).toHaveLength(13);
  expect(rows).toContainEqual({
    select: 'latin',
    type: 'text',
    bytes: '61FF62',
    twice: expect.any(String),
  });
  expect(rows).toContainEqual({
    select: 'nul',
    type: 'text',
    bytes: '610062',
    twice: expect.any(String),
  });
  expect(rows).toContainEqual({ select: 'real', type: 'real', bytes: '312E30', twice: '1.0x' });
  expect(rows).toContainEqual({ select: 'int', type: 'integer', bytes: '31', twice: '1x' });
  expect(rows).toContainEqual({
    select: 'blob',
    type: 'blob',
    bytes: '00FF',
    twice: expect.any(String),
  });
  expect((await put(copy, base, ['odd "t'])).put).toEqual([]);
});

it('counts rows that have no key, or NULL in it', async () => {
  const { live, copy, base, put } = await history(
    `CREATE TABLE log (line TEXT); INSERT INTO log VALUES ('same'), ('same');
     CREATE TABLE loose (code TEXT PRIMARY KEY, n INT); INSERT INTO loose VALUES (NULL, 1)`,
    `INSERT INTO log VALUES ('same'), ('same'), ('new'), (NULL); INSERT INTO loose VALUES (NULL, 1), (NULL, 2), ('k', 3)`,
    `INSERT INTO log VALUES ('same')`,
  );
  const { put: first } = await put(copy, base, ['log', 'loose']);
  expect(first).toMatchObject([
    {
      tables: [
        { table: 'log', inserted: 3 },
        { table: 'loose', inserted: 3 },
      ],
    },
  ]);
  expect(all(live, "SELECT count(*) AS n FROM log WHERE line = 'same'")).toEqual([{ n: 4 }]);
  expect((await put(copy, base, ['log', 'loose'])).put).toEqual([]);
});

it('names what the schema of live has no place for', async () => {
  const { copy, base, find } = await history(
    `CREATE TABLE orders (id INTEGER PRIMARY KEY, note TEXT); CREATE TABLE strict (id INTEGER PRIMARY KEY, old TEXT NOT NULL DEFAULT 'x')`,
    `ALTER TABLE orders ADD COLUMN coupon TEXT; INSERT INTO orders VALUES (1, 'a', 'TEN'), (2, 'b', NULL);
     CREATE TABLE coupons (code TEXT); INSERT INTO coupons VALUES ('TEN');
     DROP TABLE strict; CREATE TABLE strict (id INTEGER PRIMARY KEY); INSERT INTO strict VALUES (1)`,
    `DROP TABLE strict; CREATE TABLE strict (id INTEGER PRIMARY KEY, old TEXT NOT NULL)`,
  );
  const found = await find(copy, base);
  expect(found).toMatchObject([{ kind: 'tables', gone: ['coupons'] }]);
  const { orders, strict } = await readTables(found);
  expect(orders?.lacking).toEqual({ coupon: 1 });
  expect(orders?.inserts).toEqual([
    { id: '1', note: 'a' },
    { id: '2', note: 'b' },
  ]);
  expect(strict?.conflicts).toEqual([
    [{ id: '1' }, expect.stringContaining('needs a value for "old"'), null],
  ]);
});

it('puts parents in before children, and leaves out what would break a rule', async () => {
  const { live, copy, base, find, put } = await history(
    `CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT REFERENCES Customers, above INT REFERENCES orders (id));
     CREATE TABLE customers (id INTEGER PRIMARY KEY, mail TEXT UNIQUE);
     CREATE TABLE checked (id INTEGER PRIMARY KEY, n INT CHECK (n < 100))`,
    `INSERT INTO customers VALUES (1, 'a'), (2, 'b'), (3, NULL), (4, NULL);
     INSERT INTO orders VALUES (10, 1, 11), (11, 1, NULL), (12, 2, NULL), (13, NULL, NULL);
     PRAGMA ignore_check_constraints = ON; INSERT INTO checked VALUES (1, 5), (2, 500)`,
    `INSERT INTO customers VALUES (50, 'b')`,
  );
  const { orders, customers, checked } = await readTables(await find(copy, base));
  expect(customers?.conflicts).toEqual([
    [{ id: '2', mail: 'b' }, expect.stringContaining('same mail'), null],
  ]);
  expect(orders?.inserts).toHaveLength(3);
  expect(orders?.conflicts).toEqual([
    [
      expect.objectContaining({ id: '12' }),
      expect.stringContaining('refers to a row of customers'),
      null,
    ],
  ]);
  expect(checked?.inserts).toHaveLength(2);
  const { put: done } = await put(copy, base, ['orders', 'customers', 'checked']);
  const inserted = done.flatMap((one) => (one.kind === 'tables' ? one.tables : []));
  expect(inserted).toMatchObject([
    { table: 'checked', inserted: 1, refused: [{ why: expect.stringContaining('CHECK') }] },
    { table: 'customers', inserted: 3, refused: [] },
    { table: 'orders', inserted: 3, refused: [] },
  ]);
  expect(all(live, 'PRAGMA foreign_key_check')).toEqual([]);
  expect(all(live, 'SELECT count(*) AS n FROM orders')).toEqual([{ n: 3 }]);
});

it('says of children whose parents were not chosen that they were refused', async () => {
  const { copy, base, put } = await history(
    `CREATE TABLE customers (id INTEGER PRIMARY KEY); CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INT REFERENCES customers)`,
    `INSERT INTO customers VALUES (1); INSERT INTO orders VALUES (1, 1)`,
  );
  expect((await put(copy, base, ['orders'])).put).toMatchObject([
    { tables: [{ inserted: 0, refused: [{ why: expect.stringContaining('FOREIGN KEY') }] }] },
  ]);
  expect((await put(copy, base, ['orders', 'customers'])).put).toMatchObject([
    { tables: [{ inserted: 1 }, { inserted: 1 }] },
  ]);
});

it('replaces no row where the table itself would', async () => {
  const { live, copy, base, put } = await history(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, mail TEXT COLLATE NOCASE UNIQUE ON CONFLICT REPLACE)`,
    `INSERT INTO t VALUES (1, 'Bob')`,
    `INSERT INTO t VALUES (2, 'bob')`,
  );
  const { found } = await put(copy, base, ['t']);
  expect((await readTables(found))['t']?.conflicts).toHaveLength(1);
  expect(all(live, 'SELECT * FROM t')).toEqual([{ id: 2, mail: 'bob' }]);
});

it('takes whatever live lacks where the backup is gone', async () => {
  const { copy, find } = await history(
    `CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1); CREATE TABLE none (id INTEGER PRIMARY KEY)`,
    `INSERT INTO t VALUES (2)`,
  );
  expect(await readTables(await find(copy, null))).toMatchObject({
    t: { inserts: [{ id: '2' }], conflicts: [] },
    none: { inserts: [], conflicts: [] },
  });
});

it('sorts files, and brings them back by names that are free', async () => {
  const root = await tempFolder();
  const live = join(root, 'uploads');
  await mkdir(join(live, 'a'), { recursive: true });
  await writeFile(join(live, 'a', 'old'), 'old');
  await writeFile(join(live, 'changed'), 'old');
  const { backUp, find, put } = salvaging(root, [{ name: 'uploads', type: 'files', path: live }]);
  const base = await backUp();
  await mkdir(join(live, 'new', 'deep'), { recursive: true, mode: 0o750 });
  await writeFile(join(live, 'new', 'deep', 'one'), 'one', { mode: 0o640 });
  await writeFile(join(live, 'same'), 'same');
  await writeFile(join(live, 'changed'), 'new');
  const copy = await backUp();
  await rm(join(live, 'new'), { recursive: true });
  await writeFile(join(live, 'changed'), 'old');
  const [found] = await find(copy, base);
  expect(found).toMatchObject({
    kind: 'files',
    files: [
      { path: 'changed', state: 'changed' },
      { path: 'new/deep/one', state: 'new', bytes: 3 },
      { path: 'same', state: 'same' },
    ],
  });
  const done = await put(copy, base, ['changed', 'new/deep/one']);
  expect(done.put).toEqual([{ kind: 'files', name: 'uploads', put: ['new/deep/one'], kept: [] }]);
  expect(await readFile(join(live, 'new/deep/one'), 'utf8')).toBe('one');
  expect(await readFile(join(live, 'changed'), 'utf8')).toBe('old');
  expect((await readdir(live)).sort()).toEqual(['a', 'changed', 'new', 'same']);
  expect((await put(copy, base, ['new/deep/one'])).put).toEqual([]);
});

it('says that the live database stays locked, and puts nothing in', async () => {
  const { live, copy, base, find } = await history(
    'CREATE TABLE t (id INTEGER PRIMARY KEY)',
    'INSERT INTO t VALUES (1)',
  );
  const other = new DatabaseSync(live);
  other.exec('BEGIN EXCLUSIVE; INSERT INTO t VALUES (5)');
  await expect(find(copy, base, { busyMs: 20 })).rejects.toMatchObject({ code: 'sqlite-busy' });
  other.close();
});
