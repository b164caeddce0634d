import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, test } from 'vitest';
import { appliedMigrations } from '../../src/migrations/applied.ts';
import { planMigrations } from '../../src/migrations/plan-migrations.ts';
import { readMigrations } from '../../src/migrations/read-migrations.ts';
import { readApplied } from '../../src/migrations/sqlite/applied.ts';
import { applyMigration, runMigrations } from '../../src/migrations/sqlite/apply-migration.ts';
import { openToMigrate } from '../../src/migrations/sqlite/database.ts';
import { tryOnCopy } from '../../src/migrations/sqlite/try-on-copy.ts';
import type { Direction } from '../../src/migrations/types.ts';

const now = () => Date.UTC(2026, 0, 2);

/** A WAL database with a parent and two children, and a folder of migrations. */
const setUp = async (files: Record<string, string>) => {
  const folder = await tempFolder();
  const database = join(folder, 'library.db');
  const db = new DatabaseSync(database);
  db.exec(`PRAGMA journal_mode = WAL; CREATE TABLE card (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE scan (id INTEGER PRIMARY KEY, card INTEGER REFERENCES card ON DELETE CASCADE);
    INSERT INTO card VALUES (1, 'ace'), (2, 'king'); INSERT INTO scan VALUES (1, 1), (2, 2);`);
  db.close();
  const dir = await tempFolder();
  for (const [name, sql] of Object.entries(files)) await writeFile(join(dir, name), sql);
  const plan = async (direction: Direction = 'forward') =>
    planMigrations({
      files: await readMigrations(dir, 'sqlite'),
      applied: await readApplied(database),
      direction,
    });
  const query = (sql: string) => {
    const reader = new DatabaseSync(database, { readOnly: true });
    try {
      return reader
        .prepare(sql)
        .all()
        .map((row) => ({ ...row }));
    } finally {
      reader.close();
    }
  };
  return { folder, database, plan, query };
};

const good = {
  '001_hash.up.sql': "ALTER TABLE card ADD COLUMN hash TEXT; UPDATE card SET hash = 'h';",
  '001_hash.down.sql': 'ALTER TABLE card DROP COLUMN hash;',
  '002_queue.up.sql': 'CREATE TABLE queue (id INTEGER PRIMARY KEY);',
  '002_queue.down.sql': 'DROP TABLE queue;',
};

test('forward and back, each on the record', async () => {
  const { database, plan, query } = await setUp(good);
  const reports = await runMigrations(database, await plan(), { now });
  expect(reports).toMatchObject([
    { version: 1, changedRows: 2, direction: 'forward' },
    { version: 2, changedRows: 0 },
  ]);
  expect(await readApplied(database)).toMatchObject([
    {
      version: 1,
      name: 'hash',
      checksum: expect.stringMatching(/^[0-9a-f]{64}$/),
      appliedAt: '2026-01-02T00:00:00.000Z',
    },
    { version: 2, name: 'queue' },
  ]);
  const config = {
    migrations: {
      type: 'sql',
      dir: '',
      database: { name: 'library', type: 'sqlite', path: database },
      online: false,
      lockTimeoutMs: 5000,
    },
  } as const;
  expect(await appliedMigrations(config)).toEqual(['001_hash', '002_queue']);
  await runMigrations(database, await plan('rollback'), { now });
  expect(await appliedMigrations(config)).toEqual(['001_hash']);
  await runMigrations(database, await plan('rollback'), { now });
  expect(query('SELECT * FROM card')).toEqual([
    { id: 1, name: 'ace' },
    { id: 2, name: 'king' },
  ]);
});

test('a plan that was cut off may run again from its start', async () => {
  const { database, plan } = await setUp(good);
  const whole = await plan();
  if (whole.kind !== 'go') throw new Error('refused');
  await runMigrations(database, { ...whole, steps: whole.steps.slice(0, 1) }, { now });
  expect((await runMigrations(database, whole, { now })).map(({ version }) => version)).toEqual([
    2,
  ]);
});

describe('a migration that fails leaves the database as it was before it', () => {
  test.each([
    ['bad SQL', 'INSERT INTO card VALUES (3, 1); SELECT nonsense FROM nowhere;', /nowhere/],
    [
      'a conflict that rolls back',
      'INSERT INTO card VALUES (4, 1); INSERT OR ROLLBACK INTO card VALUES (1, 1);',
      /UNIQUE/,
    ],
    [
      'references that lead nowhere',
      'DELETE FROM card WHERE id = 2;',
      /scan row 2 refers to a missing row of card/,
    ],
  ])('%s', async (_, sql, says) => {
    const { database, plan, query } = await setUp({ '001_x.up.sql': sql });
    const failing = runMigrations(database, await plan(), { now });
    await expect(failing).rejects.toMatchObject({
      name: 'MigrationError',
      code: 'failed',
      message: expect.stringMatching(says),
    });
    expect(query('SELECT id FROM card')).toEqual([{ id: 1 }, { id: 2 }]);
    expect(query("SELECT name FROM sqlite_schema WHERE name = 'schema_migrations'")).toEqual([]);
  });
});

test('rebuilding a table does not delete what refers to it', async () => {
  const { database, plan, query } = await setUp({
    '001_x.up.sql':
      'CREATE TABLE c2 (id INTEGER PRIMARY KEY, name TEXT NOT NULL); INSERT INTO c2 SELECT * FROM card; DROP TABLE card; ALTER TABLE c2 RENAME TO card;',
  });
  await runMigrations(database, await plan(), { now });
  expect(query('SELECT count(*) AS n FROM scan')).toEqual([{ n: 2 }]);
});

test('what can run in no transaction runs alone, and is on the books after it', async () => {
  const { database, plan, query } = await setUp({
    ...good,
    '003_small.up.sql': '-- no-transaction\nVACUUM;',
    '004_bad.up.sql': '-- no-transaction\nPRAGMA journal_mode = nonsense(;',
  });
  await expect(runMigrations(database, await plan(), { now })).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(/004_bad up failed, and ran in no transaction/),
  });
  expect(query('SELECT version FROM schema_migrations')).toHaveLength(3);
  const again = await plan();
  expect(again.kind === 'go' && again.steps.map(({ version }) => version)).toEqual([4]);
});

test('a refused plan runs nothing', async () => {
  const { database, plan } = await setUp({ '001_x.up.sql': 'COMMIT;' });
  await expect(runMigrations(database, await plan(), { now })).rejects.toMatchObject({
    code: 'refused',
    problems: [{ kind: 'forbidden-statement' }],
  });
});

test('taking back without a down file changes nothing', async () => {
  const { database, plan } = await setUp({ '001_x.up.sql': 'DELETE FROM scan;' });
  const whole = await plan();
  await runMigrations(database, whole, { now });
  if (whole.kind !== 'go' || whole.steps[0] === undefined) throw new Error('refused');
  const db = openToMigrate(database);
  const step = whole.steps[0];
  expect(() => applyMigration(db, step, { direction: 'rollback', at: 0 })).toThrow(/no down file/);
  expect(db.isTransaction).toBe(false);
  db.close();
  expect(await readApplied(database)).toHaveLength(1);
});

describe('a try on a copy', () => {
  test('runs for real, tells rows and times, and leaves nothing behind', async () => {
    const { folder, database, plan, query } = await setUp({
      ...good,
      '003_drop.up.sql': 'DELETE FROM scan WHERE id = 1;',
    });
    const report = await tryOnCopy(database, await plan(), {
      now,
      scratchIn: join(folder, 'backups'),
    });
    expect(report.rows).toEqual({
      card: { before: 2, after: 2 },
      queue: { before: null, after: 0 },
      scan: { before: 2, after: 1 },
    });
    expect(report.steps.map(({ changedRows }) => changedRows)).toEqual([2, 0, 1]);
    expect(report.copyBytes).toBeGreaterThan(4096);
    expect(await readApplied(database)).toEqual([]);
    expect(await readdir(folder)).toEqual(['library.db']);
    expect(query('SELECT count(*) AS n FROM scan')).toEqual([{ n: 2 }]);
  });

  test('sees one moment of a database that is written without a pause', async () => {
    const { folder, database, plan } = await setUp(good);
    const writer = new DatabaseSync(database);
    // Several steps of copying: without its pinned moment the copy would start over at each write.
    writer.exec(
      "INSERT INTO card VALUES (3, 'queen'); CREATE TABLE big (b); INSERT INTO big VALUES (zeroblob(16000000))",
    );
    let isWriting = true;
    const write = () => {
      if (!isWriting) return;
      writer.exec("INSERT INTO card (name) VALUES ('x')");
      setImmediate(write);
    };
    write();
    try {
      const report = await tryOnCopy(database, await plan(), {
        now,
        scratchIn: join(folder, 'backups'),
      });
      const { before, after } = report.rows['card'] ?? {};
      expect(before).toBeGreaterThanOrEqual(3);
      expect(after).toBe(before);
    } finally {
      isWriting = false;
      writer.close();
    }
  });

  test('says what fails, before anything is touched', async () => {
    const { folder, database, plan } = await setUp({ '001_x.up.sql': 'DELETE FROM card;' });
    await expect(
      tryOnCopy(database, await plan(), { now, scratchIn: join(folder, 'backups') }),
    ).rejects.toMatchObject({
      code: 'failed',
    });
    await expect(
      tryOnCopy(`${database}.no`, await plan(), { now, scratchIn: join(folder, 'backups') }),
    ).rejects.toMatchObject({
      code: 'unreadable',
    });
  });
});
