import { spawnSync } from 'node:child_process';
import { chmod, link, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostgresServer, sharedPostgres, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { createBackup, type DataSource, proveRestored, rescueNameOf } from '../src/index.ts';
import { bareRoot, RESCUE_TOOLS } from './support/bare-root.ts';
import { AT_MS } from './support/sample.ts';

const server = sharedPostgres();

/** What psql takes from its environment, of the address of a test's server. */
const reached = (server: PostgresServer): NodeJS.ProcessEnv => {
  const parameters = new URLSearchParams(server.url('app').split('?')[1]);
  return {
    PGHOST: parameters.get('host') ?? '',
    PGPORT: parameters.get('port') ?? '',
    PGUSER: 'postgres',
  };
};

/** A folder of programs for PATH: without Node. */
const toolsOnly = async (names: readonly string[]): Promise<string> => {
  const folder = await tempFolder();
  for (const name of names) {
    const at = spawnSync('sh', ['-c', 'command -v -- "$0"', name], { encoding: 'utf8' });
    await symlink(at.stdout.trim(), join(folder, name));
  }
  return folder;
};

/** A root without Node that has psql, pg_restore and the server's socket. */
const bareWithClients = async () => {
  const bare = await bareRoot('busybox', ['psql', 'pg_restore']);
  const { PGHOST = '', PGPORT, PGUSER } = reached(server);
  const socket = `.s.PGSQL.${PGPORT}`;
  await mkdir(join(bare.root, 'pg'));
  await link(join(PGHOST, socket), join(bare.root, 'pg', socket));
  const inside = (path: string) => path.slice(bare.root.length);
  return {
    root: join(bare.root, 'srv'),
    rescue: (script: string, args: readonly string[]) =>
      bare.run([inside(script), '--path', 'pictures=/srv/pictures', ...args], '', {
        ...{ PGHOST: '/pg', PGPORT, PGUSER },
      }),
  };
};

/** A database and a folder, or one of them, backed up; then written to. */
const disaster = async ({
  kinds = ['postgres', 'files'],
  root: within,
}: {
  readonly kinds?: readonly DataSource['type'][];
  readonly root?: string;
} = {}) => {
  await server.sql('postgres', 'CREATE ROLE shop; CREATE ROLE reader');
  await server.sql('postgres', 'CREATE DATABASE app OWNER shop');
  await server.sql(
    'postgres',
    `ALTER DATABASE app SET search_path TO app, public; REVOKE ALL ON DATABASE app FROM PUBLIC;
     GRANT CONNECT ON DATABASE app TO reader; COMMENT ON DATABASE app IS 'it''s the shop'`,
  );
  await server.sql(
    'app',
    `CREATE TABLE public.orders (note text); INSERT INTO orders VALUES (1), (2);
     CREATE SCHEMA app; CREATE TABLE app."Odd.Näme\\" (); ALTER TABLE public.orders OWNER TO shop`,
  );
  const root = within ?? (await tempFolder());
  await mkdir(join(root, 'pictures'), { recursive: true });
  await writeFile(join(root, 'pictures', 'ace.txt'), 'as backed up');
  const both: readonly DataSource[] = [
    { name: 'orders', type: 'postgres', url: server.url('app') },
    { name: 'pictures', type: 'files', path: join(root, 'pictures') },
  ];
  const sources = both.filter(({ type }) => kinds.includes(type));
  const { file, manifest } = await createBackup({
    ...{ dir: join(root, 'backups'), root, service: 'shop', env: 'production', release: '1.0.0' },
    ...{ migrations: [], tool: { name: 'test', version: '1' }, now: () => AT_MS, sources },
  });
  await server.sql('app', "INSERT INTO public.orders VALUES ('written since')");
  const script = rescueNameOf(file);
  const path = await toolsOnly([...RESCUE_TOOLS, 'sh', 'unzip', 'psql', 'pg_restore']);
  const rescue = (args: readonly string[], environment: NodeJS.ProcessEnv = {}) => {
    const { status, signal, stdout, stderr } = spawnSync(
      '/usr/bin/setsid',
      ['sh', script, ...args],
      {
        encoding: 'utf8',
        env: { PATH: path, ...reached(server), ...environment },
        timeout: 60_000,
      },
    );
    return { status, signal, stdout, stderr };
  };
  return {
    ...{ root, server, path, manifest, sources, rescue, script },
    rows: () => server.sql('app', 'SELECT note FROM public.orders ORDER BY 1'),
    databases: () =>
      server.sql(
        'postgres',
        "SELECT datname FROM pg_database WHERE datname LIKE 'app%' ORDER BY 1",
      ),
    properties: () =>
      server.sql(
        'postgres',
        `SELECT pg_get_userbyid(datdba), datacl, shobj_description(oid, 'pg_database'),
          (SELECT array_agg(setconfig) FROM pg_db_role_setting WHERE setdatabase = d.oid)
         FROM pg_database d WHERE datname = 'app'`,
      ),
  };
};

it('restores a database beside the live one, swaps them, and swaps them back, in a root without Node', async () => {
  const bare = await bareWithClients();
  const made = await disaster({ root: bare.root });
  const at = { ...made, rescue: (args: readonly string[]) => bare.rescue(made.script, args) };
  const check = spawnSync('shellcheck', ['--shell=sh', at.script], { encoding: 'utf8' });
  expect(check.stdout).toBe('');
  const was = await at.properties();
  const listed = at.rescue(['--list']);
  expect(listed.stderr).toBe('');
  expect(listed.stdout).toMatch(
    /orders \(postgres\): the database app, \S+ kB; put aside as app_before_/,
  );
  expect(await at.databases()).toEqual(['app']);

  expect(at.rescue(['--yes'])).toMatchObject({ status: 0, stderr: '' });
  await proveRestored(at.manifest, at.sources);
  expect(await at.rows()).toEqual(['1', '2']);
  expect(await at.properties()).toEqual(was);
  expect(await at.databases()).toEqual(['app', expect.stringMatching(/^app_before_2026\w+_1$/)]);

  expect(at.rescue(['--undo', '--yes'])).toMatchObject({ status: 0, stderr: '' });
  expect(await at.rows()).toEqual(['1', '2', 'written since']);
  expect(at.rescue(['--undo', '--yes']).stderr).toContain('there is nothing to undo');

  // A database that is lost comes back, into one of the server's defaults; an undo makes it lost again.
  await at.server.sql('postgres', 'DROP DATABASE app');
  expect(at.rescue(['--yes'])).toMatchObject({ status: 0, stderr: '' });
  expect(await at.rows()).toEqual(['1', '2']);
  expect(at.rescue(['--undo', '--yes'])).toMatchObject({ status: 0, stderr: '' });
  expect(await at.databases()).not.toContain('app');
});

it('changes nothing where a dump is not restored whole, and hands it out as a file', async () => {
  const at = await disaster();
  await at.server.sql('app', 'ALTER TABLE public.orders OWNER TO postgres');
  await at.server.sql(
    'postgres',
    'ALTER DATABASE app OWNER TO postgres; DROP OWNED BY shop; DROP ROLE shop',
  );
  const failed = at.rescue(['--yes']);
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('role "shop" does not exist');
  expect(failed.stderr).toContain('Nothing live was changed');
  expect(await at.rows()).toEqual(['1', '2', 'written since']);

  const refused = at.rescue(['--yes'], { PGPORT: '1' });
  expect(refused.stderr).toMatch(
    /could not be asked: say by PGHOST, PGPORT, PGUSER and PGPASSWORD/,
  );
  expect(at.rescue(['--path', 'orders=/var/app']).stderr).toContain('orders is the database app');

  await rm(join(at.path, 'psql'));
  const byHand = at.rescue(['--list']).stdout;
  expect(byHand).toContain('orders (postgres): NOT restored by this script, as psql is not here.');
  expect(byHand).toContain('createdb NEW && unzip -p');
  await mkdir(join(at.root, 'else'));
  expect(at.rescue(['--yes', '--to', join(at.root, 'else')])).toMatchObject({ status: 0 });
  expect(await readdir(join(at.root, 'else', 'orders'))).toEqual(['database.dump']);
});

it('ends in all old or all new, wherever psql is killed and it is run again', {
  timeout: 180_000,
}, async () => {
  const at = await disaster({ kinds: ['postgres'] });
  const left = join(at.root, 'left');
  // A psql that ends the script before its n-th use.
  const psql = join(at.path, 'psql');
  const real = spawnSync('sh', ['-c', 'command -v psql'], { encoding: 'utf8' }).stdout.trim();
  await rm(psql);
  await writeFile(
    psql,
    `#!/bin/sh\nn=$(cat ${left})\nif [ "$n" -le 0 ]; then kill -9 0; fi\necho $((n - 1)) >${left}\nexec ${real} "$@"\n`,
  );
  await chmod(psql, 0o755);
  const passing = async (uses: number, args: readonly string[]) => {
    await writeFile(left, `${uses}\n`);
    return at.rescue(args);
  };
  const ended = { status: 0, stderr: '' };
  // With a side database, before the renames, after them.
  for (const uses of [6, 9, 10]) {
    expect(await passing(uses, ['--yes'])).toMatchObject({ signal: 'SIGKILL' });
    expect(await passing(1000, ['--yes'])).toMatchObject(ended);
    expect(await at.rows()).toEqual(['1', '2']);
    expect(await passing(2, ['--undo', '--yes'])).toMatchObject({ signal: 'SIGKILL' });
    expect(await passing(1000, ['--undo', '--yes'])).toMatchObject(ended);
    expect(await at.rows()).toEqual(['1', '2', 'written since']);
  }
});
