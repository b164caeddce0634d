import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  canPutBack,
  compareData,
  createBackup,
  discardWork,
  liveSources,
  type PostgresSource,
  proveRestored,
  stageRestore,
  swapIn,
} from '../src/index.ts';
import { AT_MS } from './support/sample.ts';

const server = sharedPostgres();
let root: string;
let source: PostgresSource;

beforeEach(async () => {
  root = await tempFolder();
  await server.sql(
    'postgres',
    'CREATE ROLE app LOGIN NOSUPERUSER CREATEDB; CREATE ROLE other LOGIN',
  );
  await server.sql('postgres', 'CREATE DATABASE shop OWNER app');
  await server.sql(
    'shop',
    "CREATE TABLE orders (note text); INSERT INTO orders VALUES ('first'), ('second')",
    'app',
  );
  source = { name: 'orders', type: 'postgres', url: server.url('shop', 'app') };
});

const backUp = () =>
  createBackup({
    ...{ dir: `${root}/backups`, root, service: 'shop', env: 'production', release: null },
    ...{
      migrations: [],
      sources: [source],
      tool: { name: 'test', version: '1' },
      now: () => AT_MS,
    },
  });

const databases = () =>
  server.sql('postgres', 'SELECT datname FROM pg_database WHERE NOT datistemplate ORDER BY 1');

/** A session that stays until the test is over. */
const session = async (role: string, database = 'shop'): Promise<void> => {
  const child = spawn('psql', ['-X', '-q', server.url(database, role)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PGAPPNAME: 'exporter' },
  });
  onTestFinished(() => void child.kill());
  child.stdin.write("SELECT 'here';\n");
  await once(child.stdout, 'data');
};

/** Backs up, writes, restores and swaps. */
const bringBack = async () => {
  const { file, manifest } = await backUp();
  await server.sql('shop', "BEGIN READ WRITE; INSERT INTO orders VALUES ('third'); COMMIT");
  const sources = [source];
  const { targets } = await stageRestore(file, { id: 'r', targets: sources });
  await swapIn(targets, { sources });
  await proveRestored(manifest, liveSources(targets, { sources }));
  await discardWork(targets, { sources });
  return server.sql('shop', 'SELECT note FROM orders ORDER BY 1');
};

const troubles: Record<string, { make: () => Promise<unknown>; kind: string; says: RegExp }> = {
  'a session of a superuser': {
    make: async () => {
      await server.sql('postgres', 'CREATE ROLE exporter LOGIN SUPERUSER');
      await session('exporter');
    },
    kind: 'sessions',
    says: /1 session of the role "exporter"/,
  },
  'a session of another role': {
    make: () => session('other'),
    kind: 'sessions',
    says: /1 session of the role "other".*pg_signal_backend/,
  },
  'a prepared transaction': {
    make: async () => {
      await server.sql(
        'shop',
        "BEGIN; INSERT INTO orders VALUES ('x'); PREPARE TRANSACTION 'tm-42'",
        'app',
      );
      onTestFinished(async () => void (await server.sql('shop', "ROLLBACK PREPARED 'tm-42'")));
    },
    kind: 'prepared-transaction',
    says: /"tm-42" of the role "app".*ROLLBACK PREPARED 'tm-42'/,
  },
  'an extension of a superuser': {
    make: () => server.sql('shop', 'CREATE EXTENSION dblink'),
    kind: 'extension',
    says: /"dblink"/,
  },
  'a table of another role': {
    make: () => server.sql('shop', 'CREATE TABLE theirs (); ALTER TABLE theirs OWNER TO other'),
    kind: 'owners',
    says: /public\.theirs in "shop" belongs to the role "other"/,
  },
  'a schema of another role': {
    make: () => server.sql('shop', 'CREATE SCHEMA theirs AUTHORIZATION other'),
    kind: 'owners',
    says: /"other"/,
  },
  'what only shows when it is tried': {
    make: () =>
      server.sql(
        'shop',
        "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END'; CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f(); ALTER FUNCTION f() OWNER TO app",
      ),
    kind: 'trial',
    says: /permission denied to create event trigger "e"/,
  },
  'no right to make databases': {
    make: () => server.sql('postgres', 'ALTER ROLE app NOCREATEDB'),
    kind: 'rights',
    says: /CREATEDB/,
  },
  'a database of another owner': {
    make: () => server.sql('postgres', 'ALTER DATABASE shop OWNER TO other'),
    kind: 'rights',
    says: /belongs to "other"/,
  },
};

describe('before anything is stopped', () => {
  it('nothing is said where nothing is in the way, and nothing is left', async () => {
    await session('app');
    expect(await canPutBack([source])).toEqual([]);
    expect(await databases()).toEqual(['postgres', 'shop']);
  });

  it.each(Object.entries(troubles))('%s is told', async (_, { make, kind, says }) => {
    await make();
    const obstacles = await canPutBack([source]);
    expect(obstacles).toEqual([
      { source: 'orders', kind, severity: 'refuses', sentence: expect.stringMatching(says) },
    ]);
    expect(await databases()).toEqual(['postgres', 'shop']);
    expect(JSON.stringify(obstacles)).not.toContain('host=');
    // What a session or a transaction is asked without a trial.
    const quick = await canPutBack([source], { depth: 'quick' });
    expect(quick.map((each) => each.kind)).toEqual(kind === 'trial' ? [] : [kind]);
  });

  it('none of it is in the way of a superuser but a prepared transaction', async () => {
    for (const [name, { make }] of Object.entries(troubles))
      if (name !== 'a prepared transaction') await make();
    const master = { ...source, url: server.url('shop') };
    expect(await canPutBack([master])).toEqual([]);
  });

  it('a session that the role may end is no obstacle', async () => {
    await server.sql('postgres', 'GRANT pg_signal_backend TO app');
    await session('other');
    expect(await canPutBack([source])).toEqual([]);
    expect(await bringBack()).toEqual(['first', 'second']);
  });

  it('a replication slot and a setting that would be lost are warnings, and the restore goes through', async () => {
    await server
      .sql('shop', "SELECT pg_create_logical_replication_slot('cdc', 'test_decoding')")
      .catch(() => undefined);
    await server.sql('postgres', "ALTER ROLE other IN DATABASE shop SET work_mem = '9MB'");
    const obstacles = await canPutBack([source]);
    expect(obstacles.map(({ severity }) => severity)).not.toContain('refuses');
    expect(obstacles).toContainEqual({
      source: 'orders',
      kind: 'settings',
      severity: 'warns',
      sentence: expect.stringMatching(/ALTER ROLE other IN DATABASE "shop" SET work_mem TO '9MB'/),
    });
    await server.sql(
      'postgres',
      'SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots',
    );
    expect(await bringBack()).toEqual(['first', 'second']);
  });

  it('a server that is not there is told', async () => {
    const url = `postgresql://u:secret@/app?host=${encodeURIComponent(root)}`;
    expect(await canPutBack([{ ...source, url }])).toEqual([
      expect.objectContaining({ kind: 'unreachable', severity: 'refuses' }),
    ]);
  });
});

describe('a database is put back', () => {
  it('that is set to read only, and is so again', async () => {
    await server.sql('postgres', 'ALTER DATABASE shop SET default_transaction_read_only = on');
    expect(await bringBack()).toEqual(['first', 'second']);
    expect(await server.sql('shop', 'SHOW default_transaction_read_only')).toEqual(['on']);
  });

  it('whose role is limited in time', async () => {
    await server.sql(
      'postgres',
      "ALTER ROLE app SET statement_timeout = '1ms'; ALTER ROLE app SET idle_in_transaction_session_timeout = '1ms'; ALTER ROLE app SET lock_timeout = '1ms'",
    );
    expect(await bringBack()).toEqual(['first', 'second']);
  });

  it('that is called postgres', async () => {
    await server.sql(
      'postgres',
      "CREATE TABLE orders (note text); INSERT INTO orders VALUES ('first')",
    );
    onTestFinished(async () => void (await server.sql('postgres', 'DROP TABLE orders')));
    source = { ...source, url: server.url('postgres') };
    const { file } = await backUp();
    await server.sql('postgres', "INSERT INTO orders VALUES ('second')");
    const { targets } = await stageRestore(file, { id: 'r', targets: [source] });
    await swapIn(targets, { sources: [source] });
    await discardWork(targets, { sources: [source] });
    expect(await server.sql('postgres', 'SELECT note FROM orders')).toEqual(['first']);
  });

  it('where the role may enter no database but its own', async () => {
    const doors = (verb: string, who: string) =>
      server.sql(
        'shop',
        ['postgres', 'template1']
          .map((name) => `${verb} CONNECT ON DATABASE ${name} ${who} PUBLIC`)
          .join('; '),
      );
    await doors('REVOKE', 'FROM');
    onTestFinished(async () => void (await doors('GRANT', 'TO')));
    expect(await canPutBack([source])).toEqual([]);
    expect(await bringBack()).toEqual(['first', 'second']);
    expect(await databases()).toEqual(['postgres', 'shop']);
  });

  it('with an answer to whether rows were changed since, though they are as many', async () => {
    await server.sql(
      'shop',
      'CREATE TABLE still (n int); INSERT INTO still VALUES (1), (2)',
      'app',
    );
    const { manifest } = await backUp();
    await server.sql(
      'shop',
      "UPDATE orders SET note = 'changed' WHERE note = 'second'; UPDATE still SET n = 3 - n",
    );
    const { tables } = await compareData(manifest, [source]);
    expect(tables).toEqual([{ source: 'orders', table: 'orders', before: 2, after: 2 }]);
  });

  it('of which the snapshot fails for a reason of its own: that is told', async () => {
    await server.sql('shop', 'CREATE TABLE theirs (); REVOKE ALL ON theirs FROM PUBLIC');
    vi.stubEnv('PGOPTIONS', '');
    await expect(backUp()).rejects.toThrow(/permission denied for table theirs/);
    vi.unstubAllEnvs();
  });
});
