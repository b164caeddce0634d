import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readdir, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { tempFolder } from './temp-folder.ts';

const run = promisify(execFile);
const VERSIONS = '/usr/lib/postgresql';
/** Only names the socket: the server listens on no network. */
const PORT = 5432;

/** A PostgreSQL server of one test. */
export interface PostgresServer {
  /** Connection string of a database, for its superuser `postgres`. */
  url(database: string): string;
  /** Runs SQL; one text per row, columns separated by `|`. */
  sql(database: string, statement: string): Promise<string[]>;
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
const clientsFirst = (bin: string): void => {
  const before = process.env['PATH'];
  process.env['PATH'] = bin + delimiter + before;
  onTestFinished(() => {
    process.env['PATH'] = before;
  });
};

/** Starts a real server in a temp folder, on a socket there; it ends with the test. Its own psql comes first on PATH. */
export const startPostgres = async (): Promise<PostgresServer> => {
  const bin = await binaries();
  clientsFirst(bin);
  const user = await serverUser();
  const root = await tempFolder();
  const folder = join(root, 'pg');
  await mkdir(folder);
  await chmod(root, 0o755);
  if (user.uid !== undefined) await chown(folder, user.uid, user.gid);
  const data = join(folder, 'data');
  const as = { ...user, cwd: folder, env: { ...process.env, LC_ALL: 'C' } };
  await run(join(bin, 'initdb'), ['-D', data, '-A', 'trust', '-U', 'postgres', '-N'], as);
  const options = `-k ${folder} -p ${PORT} -c listen_addresses= -c fsync=off`;
  // No pipes: the server would inherit them, and their end would never come.
  const starting = spawn(
    join(bin, 'pg_ctl'),
    ['-D', data, '-o', options, '-l', join(folder, 'log'), '-w', 'start'],
    { ...as, stdio: 'ignore' },
  );
  const [code] = await once(starting, 'exit');
  if (code !== 0)
    throw new Error(`the server did not start: ${await readFile(join(folder, 'log'), 'utf8')}`);
  onTestFinished(async () => {
    await run(join(bin, 'pg_ctl'), ['-D', data, '-m', 'immediate', '-w', 'stop'], as);
  });
  const url = (database: string) =>
    `postgresql://postgres@/${database}?host=${encodeURIComponent(folder)}&port=${PORT}`;
  return {
    url,
    sql: async (database, statement) => {
      const { stdout } = await run('psql', [
        ...['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
        ...['-h', folder, '-p', String(PORT), '-U', 'postgres', '-d', database, '-c', statement],
      ]);
      return stdout.split('\n').filter((line) => line !== '');
    },
  };
};
