import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeTrial } from '../../src/migrations/describe-trial.ts';
import { migrationDatabase } from '../../src/migrations/migration-database.ts';
import { planMigrations } from '../../src/migrations/plan-migrations.ts';
import { readMigrations } from '../../src/migrations/read-migrations.ts';
import type { Direction } from '../../src/migrations/types.ts';

const server = sharedPostgres();
const now = () => Date.UTC(2026, 0, 2);

beforeEach(async () => {
  // As its service would have it: not a superuser, and with limits and a path of its own.
  await server.sql('postgres', 'CREATE ROLE shopkeeper LOGIN CREATEDB');
  await server.sql('postgres', 'CREATE DATABASE shop OWNER shopkeeper');
  await server.sql('shop', 'CREATE SCHEMA app AUTHORIZATION shopkeeper');
  await server.sql(
    'shop',
    "ALTER ROLE shopkeeper SET search_path = app; ALTER ROLE shopkeeper SET statement_timeout = '1s'",
  );
  await server.sql(
    'shop',
    "CREATE TABLE orders (id serial PRIMARY KEY, note text); INSERT INTO orders (note) VALUES ('a'), ('b')",
    'shopkeeper',
  );
});

const setUp = async (files: Record<string, string>, lockTimeoutMs = 5000) => {
  const dir = await tempFolder();
  for (const [name, sql] of Object.entries(files)) await writeFile(join(dir, name), sql);
  const database = migrationDatabase({
    database: { name: 'shop', type: 'postgres', url: server.url('shop', 'shopkeeper') },
    lockTimeoutMs,
  });
  const plan = async (direction: Direction = 'forward') =>
    planMigrations({
      files: await readMigrations(dir, 'postgres'),
      applied: await database.applied(),
      direction,
    });
  const query = (sql: string) => server.sql('shop', sql, 'shopkeeper');
  return { database, plan, query };
};

const tricky = `-- what psql would take for its own, and what a simple splitter would cut
CREATE FUNCTION total() RETURNS bigint LANGUAGE plpgsql AS $body$
BEGIN RETURN (SELECT count(*) FROM orders); END; $body$;
CREATE FUNCTION two() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;
INSERT INTO orders (note) VALUES (':HOME; it''s'), (E'back\\'; slash'), ($$ ; $$) /* /* ; */ ; */;
SELECT 'this goes nowhere';
DO $$ BEGIN RAISE NOTICE 'noise'; END $$;`;

const good = {
  '001_hash.up.sql': "ALTER TABLE orders ADD COLUMN hash text;\nUPDATE orders SET hash = 'h';",
  '001_hash.down.sql': 'ALTER TABLE orders DROP COLUMN hash;',
  '002_tricky.up.sql': tricky,
  '002_tricky.down.sql': 'DROP FUNCTION total(); DROP FUNCTION two();',
};

test('forward and back, each with its row in one transaction', async () => {
  const { database, plan, query } = await setUp(good);
  expect(await database.applied()).toEqual([]);
  expect(await database.run(await plan(), { now })).toMatchObject([
    { version: 1, direction: 'forward', changedRows: 2 },
    { version: 2, changedRows: 3 },
  ]);
  expect(await query('SELECT note FROM app.orders ORDER BY id OFFSET 2')).toEqual([
    ":HOME; it's",
    "back'; slash",
    ' ; ',
  ]);
  expect(await query('SELECT total(), two()')).toEqual(['5|2']);
  expect(await database.applied()).toMatchObject([
    { version: 1, name: 'hash', appliedAt: '2026-01-02T00:00:00.000Z' },
    { version: 2, name: 'tricky', checksum: expect.stringMatching(/^[0-9a-f]{64}$/) },
  ]);
  await database.run(await plan('rollback'), { now });
  await database.run(await plan('rollback'), { now });
  expect(await database.applied()).toEqual([]);
});

test('a plan that was cut off may run again from its start', async () => {
  const { database, plan } = await setUp(good);
  const whole = await plan();
  if (whole.kind !== 'go') throw new Error('refused');
  await database.run({ ...whole, steps: whole.steps.slice(0, 1) }, { now });
  expect((await database.run(whole, { now })).map(({ version }) => version)).toEqual([2]);
});

test('one that fails is undone whole, and says where', async () => {
  const { database, plan, query } = await setUp({
    '001_x.up.sql':
      "INSERT INTO orders (note) VALUES ('c');\n\nALTER TABLE nowhere\n  ADD COLUMN n int;",
  });
  await expect(database.run(await plan(), { now })).rejects.toMatchObject({
    code: 'failed',
    message: expect.stringMatching(
      /001_x up failed at line 3 \(ALTER TABLE nowhere\), and its transaction was undone: .*"nowhere" does not exist/s,
    ),
  });
  expect(await query('SELECT count(*) FROM orders')).toEqual(['2']);
  expect(await database.applied()).toEqual([]);
});

test('it waits for a lock as long as it may, and says who may be asked', async () => {
  const { database, plan, query } = await setUp(good, 100);
  const holder = server.sql('shop', 'BEGIN; LOCK TABLE app.orders; SELECT pg_sleep(1000)');
  holder.catch(() => undefined);
  await expect
    .poll(() =>
      query("SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"),
    )
    .not.toEqual(['0']);
  await expect(database.run(await plan(), { now })).rejects.toMatchObject({
    message: expect.stringMatching(/lock timeout.*migrations\.lockTimeout/s),
  });
  await server.sql(
    'postgres',
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(1000)%' AND pid <> pg_backend_pid()",
  );
});

describe('outside of a transaction', () => {
  test('one statement that could run in none, and then its row', async () => {
    const { database, plan, query } = await setUp({
      '001_index.up.sql':
        '-- no-transaction\nCREATE INDEX CONCURRENTLY IF NOT EXISTS by_note ON orders (note);',
    });
    await database.run(await plan(), { now });
    expect(await query("SELECT count(*) FROM pg_indexes WHERE indexname = 'by_note'")).toEqual([
      '1',
    ]);
    expect(await database.applied()).toHaveLength(1);
  });

  test('an index that was left unusable is no success', async () => {
    const { database, plan, query } = await setUp({
      '001_index.up.sql':
        '-- no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS by_note ON orders (note);',
    });
    await query("INSERT INTO orders (note) VALUES ('a')");
    const says = /ran in no transaction: look at what it left/;
    await expect(database.run(await plan(), { now })).rejects.toThrow(says);
    // IF NOT EXISTS now finds the index that the first left.
    await expect(database.run(await plan(), { now })).rejects.toThrow(/by_note/);
    expect(await database.applied()).toEqual([]);
  });
});

test('a try on a copy tells rows and locks, and leaves nothing behind', async () => {
  const { database, plan, query } = await setUp({
    ...good,
    '003_gone.up.sql': 'CREATE TABLE kept (n int); DROP TABLE orders;',
  });
  const trial = await database.tryOnCopy(await plan(), { now, scratchIn: '' });
  expect(trial.rows).toEqual({
    'app.kept': { before: null, after: 0 },
    'app.orders': { before: 2, after: null },
  });
  const locks = trial.steps.flatMap(({ statements = [] }) =>
    statements.flatMap(({ line, locks }) => locks.map((lock) => [line, lock.table, lock.mode])),
  );
  expect(locks).toContainEqual([1, 'orders', 'ACCESS EXCLUSIVE']);
  expect(locks).toContainEqual([5, 'orders', 'ROW EXCLUSIVE']);
  expect(describeTrial(trial)).toMatch(
    /003_gone line 1 \(DROP TABLE orders; [^)]+\) locks orders: ACCESS EXCLUSIVE, nobody reads or writes it until the end of the migration/,
  );
  expect(await database.applied()).toEqual([]);
  expect(await query("SELECT datname FROM pg_database WHERE datname LIKE 'shop%'")).toEqual([
    'shop',
  ]);
});
