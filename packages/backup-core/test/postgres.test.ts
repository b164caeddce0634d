import { spawn } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { sharedPostgres, tempFolder } from '@dhash/testkit';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  createBackup,
  discardWork,
  drillId,
  liveSources,
  type PostgresSource,
  proveRestored,
  stageRestore,
  swapIn,
  verifyBackup,
} from '../src/index.ts';
import { parseConnection } from '../src/postgres/connection.ts';
import { checkDump } from '../src/postgres/dump.ts';
import { abandonedAmong } from '../src/postgres/scratch-database.ts';
import { sideName } from '../src/postgres/side-database.ts';
import { AT_MS } from './support/sample.ts';

const server = sharedPostgres();
let root: string;
let source: PostgresSource;
let atMs = AT_MS;

const backUp = async () => {
  atMs += 60_000;
  return createBackup({
    dir: `${root}/backups`,
    root,
    service: 'shop',
    env: 'production',
    release: '1.0.0',
    migrations: [],
    sources: [source],
    tool: { name: 'test', version: '1' },
    now: () => atMs,
  });
};
const names = async () =>
  server.sql('postgres', "SELECT datname FROM pg_database WHERE datname LIKE 'app%' ORDER BY 1");

describe.each(['shop', 'postgres'])('a postgres source, for the role %s', (role) => {
  beforeEach(async () => {
    root = await tempFolder();
    source = { name: 'orders', type: 'postgres', url: server.url('app', role) };
    await server.sql('postgres', 'CREATE ROLE shop LOGIN NOSUPERUSER CREATEDB; CREATE ROLE reader');
    await server.sql('postgres', 'CREATE DATABASE app OWNER shop');
    await server.sql('postgres', 'ALTER DATABASE app SET search_path TO app, public');
    await server.sql(
      'postgres',
      "ALTER DATABASE app SET work_mem TO '7MB'; ALTER ROLE reader IN DATABASE app SET work_mem TO '9MB'",
    );
    await server.sql(
      'postgres',
      "REVOKE ALL ON DATABASE app FROM PUBLIC; GRANT CONNECT ON DATABASE app TO reader; COMMENT ON DATABASE app IS 'it''s the shop'",
    );
    await server.sql(
      'app',
      `SET search_path TO public; CREATE TABLE public.orders (id serial PRIMARY KEY, note text);
     INSERT INTO orders (note) SELECT repeat(md5(i::text), 20) FROM generate_series(1, 2000) i;
     CREATE SCHEMA app; CREATE TABLE app."Odd.Name" (); CREATE TABLE public.parts (k int) PARTITION BY LIST (k);
     CREATE TABLE public.part1 PARTITION OF parts FOR VALUES IN (1); INSERT INTO parts VALUES (1), (1)`,
      role,
    );
  });

  it('is backed up at one moment while rows are written, and restored into what the live one is, whoever is in it', async () => {
    const writer = spawn('psql', ['-X', '-q', server.url('app', role)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    const ended = new Promise((resolve) => writer.once('exit', resolve));
    writer.stdin.on('error', () => undefined);
    const feeding = setInterval(
      () => writer.stdin.write("INSERT INTO public.orders (note) VALUES ('x');\n"),
      2,
    );
    const { file, manifest } = await backUp();
    clearInterval(feeding);
    writer.stdin.end();
    await ended;
    const counted = manifest.sources[0]?.tables ?? {};
    expect(Object.keys(counted)).toEqual(['app."Odd.Name"', 'orders', 'part1']);
    expect(counted['part1']).toBe(2);
    await verifyBackup(file);
    const properties = () =>
      server.sql(
        'postgres',
        `SELECT pg_get_userbyid(datdba), datacl, encoding, datcollate, shobj_description(oid, 'pg_database'),
          (SELECT array_agg((setrole, setconfig) ORDER BY setrole) FROM pg_db_role_setting
           WHERE setdatabase = d.oid AND ('${role}' = 'postgres' OR setrole = 0))
         FROM pg_database d WHERE datname = 'app'`,
      );
    const was = await properties();

    const { targets } = await stageRestore(file, { id: 'run-1', targets: [source] });
    const sources = [source];
    // Someone is still in it.
    const session = spawn('psql', ['-X', '-q', server.url('app', role)], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    await swapIn(targets, { sources });
    session.kill();
    expect(await properties()).toEqual(was);
    const live = liveSources(targets, { sources });
    expect((await proveRestored(manifest, live)).tables).toEqual({ orders: counted });
    await discardWork(targets, { sources });
    expect(await names()).toEqual(['app']);
    for (const word of ['host=', server.url('app')])
      expect(JSON.stringify([targets, manifest])).not.toContain(word);
  });

  it('publishes nothing where the dump fails, and says why without the password', async () => {
    const url = server.url('missing').replace('postgres@', 'postgres:hunter2@');
    source = { ...source, url };
    const failure = await backUp().catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'command-failed' });
    expect(String(failure)).toMatch(/database "missing" does not exist/);
    expect(String(failure)).not.toContain('hunter2');
    await server.sql('postgres', 'CREATE ROLE nobody LOGIN');
    source = { ...source, url: server.url('app').replace('postgres@', 'nobody@') };
    await expect(backUp()).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('permission denied'),
    });
  });

  it('refuses a dump that was cut off, which pg_restore -l lets pass', async () => {
    const dump = await tempFolder();
    const { writeFile } = await import('node:fs/promises');
    await createDump(`${dump}/whole`);
    const whole = await readFile(`${dump}/whole`);
    await checkDump(createReadStream(`${dump}/whole`), 'orders', undefined);
    await writeFile(`${dump}/cut`, whole.subarray(0, whole.length - 2000));
    await expect(
      checkDump(createReadStream(`${dump}/cut`), 'orders', undefined),
    ).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringContaining('end of file'),
    });
  });
});

const createDump = async (to: string): Promise<void> => {
  const { runProcess } = await import('../src/process/run-process.ts');
  const parts: Buffer[] = [];
  await runProcess({
    what: 'pg_dump',
    command: ['pg_dump', '-Fc', '-Z0', '-f', to, server.url('app')],
    onOutput: (part) => void parts.push(part),
  });
};

describe('parseConnection', () => {
  it.each([
    [
      'postgres://u:p%40w@db.example:5433/app?sslmode=require',
      {
        PGHOST: 'db.example',
        PGPORT: '5433',
        PGUSER: 'u',
        PGPASSWORD: 'p@w',
        PGSSLMODE: 'require',
      },
    ],
    ['postgresql:///app', {}],
    ['postgresql://u@[::1]/app', { PGHOST: '::1', PGUSER: 'u' }],
    ['postgresql://u@/app?host=/run/pg', { PGHOST: '/run/pg', PGUSER: 'u' }],
  ])('%s', (url, env) => {
    expect(parseConnection(url)).toEqual({ database: 'app', env });
  });
  it.each([
    'mysql://h/app',
    'postgresql://h',
    'postgresql://h1,h2/app',
    'postgresql://h/app?magic=1',
    'postgresql://u:100%@h/app',
  ])('refuses %s without repeating it', (url) => {
    const parsed = parseConnection(url);
    expect(parsed).toHaveProperty('problem');
    expect(JSON.stringify(parsed)).not.toContain(url);
  });
});

it('gives a side database a name that PostgreSQL does not cut', () => {
  expect(sideName('app', 'restore', 'run-1')).toBe('app_restore_run-1');
  const [one, two] = ['x1', 'x2'].map((id) =>
    sideName('ö'.repeat(25), 'prev', `${'a'.repeat(60)}${id}`),
  );
  expect(Buffer.byteLength(one ?? '')).toBeLessThanOrEqual(63);
  expect(one).not.toBe(two);
});

it('tells what a killed drill left from all else, however long the name of the live database is', () => {
  const own = drillId(AT_MS);
  // No Linux hands out this process id.
  const killed = own.replace(/-[^-]+(-[^-]+)$/, `-${(2 ** 22 + 1).toString(36)}$1`);
  for (const live of ['app', 'ö'.repeat(25), 'x'.repeat(63)]) {
    const left = sideName(live, 'restore', killed);
    expect(Buffer.byteLength(left)).toBeLessThanOrEqual(63);
    const stays = [
      ...[live, sideName(live, 'restore', own), sideName(live, 'restore', 'run-1')],
      ...[sideName(live, 'prev', killed), sideName(`${live.slice(0, -1)}2`, 'restore', killed)],
    ];
    expect(abandonedAmong([...stays, left], live, AT_MS)).toEqual([left]);
    const [dead = ''] = /drill-.*$/.exec(left) ?? [];
    const swapped = [sideName(left, 'restore', dead), sideName(left, 'prev', dead)];
    expect(abandonedAmong([...stays, ...swapped], live, AT_MS)).toEqual(swapped);
    const nextDay = AT_MS + 25 * 3_600_000;
    expect(abandonedAmong(stays, live, nextDay)).toEqual([sideName(live, 'restore', own)]);
  }
});
