import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, beforeEach, onTestFinished } from 'vitest';
import { makeTempFolder, tempFolder } from './temp-folder.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';
/** Only names the socket: the server listens on no network. */
const PORT = 5432;

/** A PostgreSQL server of one test. */
export interface PostgresServer {
  /** Connection string of a database, for its superuser `postgres` or for another role. */
  url(database: string, role?: string): string;
  /** Starts it again, where a test took it down. */
  start(): Promise<void>;
  /** Runs SQL as the superuser or as another role; one text per row, columns separated by `|`. */
  sql(database: string, statement: string, role?: string): Promise<string[]>;
}

/** Debian keeps the server's programs off PATH. */
const binaries = async (): Promise<string> => {
  const newest = (await readdir(VERSIONS)).sort((a, b) => Number(b) - Number(a))[0];
  if (newest === undefined) throw new Error(`no PostgreSQL server under ${VERSIONS}`);
  return join(VERSIONS, newest, 'bin');
};

/** Who runs the server: it refuses root. */
const serverUser = async (): Promise<{ uid: number; gid: number } | Record<string, never>> => {
  if (process.getuid?.() !== 0) return {};
  const [uid, gid] = await Promise.all(
    ['-u', '-g'].map(async (flag) => Number((await run('id', [flag, 'postgres'])).stdout)),
  );
  return { uid: uid ?? 0, gid: gid ?? 0 };
};

/** Debian's psql and its kin are Perl around these, and take longer to begin than to do their work. */
const clientsFirst = (bin: string): (() => void) => {
  const before = process.env['PATH'];
  process.env['PATH'] = bin + delimiter + before;
  return () => {
    process.env['PATH'] = before;
  };
};

/** A real server in a folder, on a socket there. Until it is stopped, its own psql comes first on PATH. */
const serveIn = async (
  root: string,
): Promise<{ server: PostgresServer; stop(): Promise<void> }> => {
  const bin = await binaries();
  const user = await serverUser();
  const folder = join(root, 'pg');
  await mkdir(folder);
  await chmod(root, 0o755);
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C' } };
  await run(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-N'], as);
  const options = `-k ${folder} -p ${PORT} -c listen_addresses= -c fsync=off -c wal_level=logical -c max_prepared_transactions=5`;
  const start = async () => {
    // No pipes: the server would inherit them, and their end would never come.
    const starting = spawn(
      join(bin, 'pg_ctl'),
      ['-D', data, '-o', options, '-l', join(folder, 'log'), '-w', 'start'],
      { ...as, stdio: 'ignore' },
    );
    const [code] = await once(starting, 'exit');
    if (code !== 0)
      throw new Error(`the server did not start: ${await readFile(join(folder, 'log'), 'utf8')}`);
  };
  await start();
  const clientsAsBefore = clientsFirst(bin);
  const stop = async () => {
    clientsAsBefore();
    // A test may have taken it down.
    if (!existsSync(join(data, 'postmaster.pid'))) return;
    await run(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', '-w', 'stop'], as);
  };
  const url = (database: string, role = 'postgres') =>
    `postgresql://${role}@/${database}?host=${encodeURIComponent(folder)}&port=${PORT}`;
  const server: PostgresServer = {
    url,
    start,
    sql: async (database, statement, role = 'postgres') => {
      const { stdout } = await run('psql', [
        ...['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
        ...['-h', folder, '-p', String(PORT), '-U', role, '-d', database, '-c', statement],
      ]);
      return stdout.split('\n').filter((line) => line !== '');
    },
  };
  return { server, stop };
};

/** A server of one test, which ends with it. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const { server, stop } = await serveIn(await tempFolder());
  onTestFinished(stop);
  return server;
};

/** A server for all tests of a file, started once: each finds it without databases and roles. Call it outside of tests. */
export const sharedPostgres = (): PostgresServer => {
  let shared: PostgresServer | undefined;
  const server = (): PostgresServer => {
    if (shared === undefined)
      throw new Error('the server runs only while the tests of its file do');
    return shared;
  };
  beforeAll(async () => {
    const { path, remove } = await makeTempFolder();
    const served = await serveIn(path);
    shared = served.server;
    return async () => {
      shared = undefined;
      await served.stop();
      await remove();
    };
  });
  beforeEach(async () => {
    const drop = await server().sql(
      'postgres',
      `SELECT format('DROP DATABASE %I WITH (FORCE)', datname) FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres'
       UNION ALL SELECT format('DROP ROLE %I', rolname) FROM pg_roles WHERE rolname !~ '^(pg_|postgres$)'`,
    );
    for (const statement of drop) await server().sql('postgres', statement);
  });
  return {
    url: (...asked) => server().url(...asked),
    start: () => server().start(),
    sql: (...asked) => server().sql(...asked),
  };
};
