import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type PostgresServer, startPostgres } from '@dhash/testkit';
import { onTestFinished } from 'vitest';
import { makeProject, type Project } from './project.ts';

/** Runs SQL on the database that `ORDERS_URL` names: what it prints, a line a row. The address is in no argument. */
const SQL = `
import { execFileSync } from 'node:child_process';
const sql = (statement) => {
  const [, user, database, host, port] = /\\/\\/(\\w+)@\\/([^?]+)\\?host=([^&]+)&port=(\\d+)$/.exec(process.env.ORDERS_URL);
  const env = {
    ...process.env, PGUSER: user, PGDATABASE: decodeURIComponent(database), PGHOST: decodeURIComponent(host), PGPORT: port,
  };
  const args = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-c', statement];
  return execFileSync('psql', args, { env, encoding: 'utf8' }).split('\\n').filter((line) => line !== '');
};
`;

/** Notes down what each smoke test saw: whose rows, and which databases there were. */
const SMOKE = `${SQL}
import { appendFileSync } from 'node:fs';
const answer = await fetch(process.env.ROLLOUT_URL + '/health');
const seen = {
  version: process.env.ROLLOUT_VERSION,
  url: process.env.ORDERS_URL,
  orders: Number(sql('SELECT count(*) FROM orders')[0]),
  databases: sql("SELECT datname FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1"),
};
appendFileSync('seen-by-smoke.ndjson', JSON.stringify(seen) + '\\n');
process.exitCode = answer.ok ? 0 : 1;
`;

/** What a smoke test saw. */
export interface SeenBySmoke {
  readonly version: string;
  readonly url: string;
  readonly orders: number;
  readonly databases: readonly string[];
}

export interface PostgresProject extends Project {
  readonly server: PostgresServer;
  /** Address of the live database, `ORDERS_URL` of the project. */
  readonly address: string;
  /** Rows of the live database. */
  orders(): Promise<number>;
  /** Databases of the project: the live one, and what restores leave beside it. */
  databases(): Promise<string[]>;
  /** By all smoke tests so far. */
  seen(): Promise<SeenBySmoke[]>;
}

/** The project of the other tests, whose service writes each note to a PostgreSQL database too. */
export const makePostgresProject = async (
  yaml: (text: string) => string = (text) => text,
): Promise<PostgresProject> => {
  const server = await startPostgres();
  await server.sql('postgres', 'CREATE DATABASE shop');
  await server.sql('shop', 'CREATE TABLE orders (id serial PRIMARY KEY, note text NOT NULL)');
  const project = await makeProject({
    hurried: true,
    yaml: (text) =>
      yaml(
        text.replace(
          '    target:\n',
          // biome-ignore lint/suspicious/noTemplateCurlyInString: rollout.yaml has variables of this form.
          '      - { name: orders, type: postgres, url: "${ORDERS_URL}" }\n    target:\n',
        ),
      ),
  });
  for (const version of ['1.0', '1.1', '1.2']) {
    const file = join(project.root, 'artifacts', version, 'server.mjs');
    const text = await readFile(file, 'utf8');
    const insert = `sql("INSERT INTO orders (note) VALUES ('written by ${version}')");`;
    await writeFile(file, SQL + text.replace("response.end('ok');", `${insert}$&`));
  }
  await writeFile(join(project.root, 'smoke.mjs'), SMOKE);
  const address = server.url('shop');
  process.env['ORDERS_URL'] = address;
  project.processEnv['ORDERS_URL'] = address;
  onTestFinished(() => {
    delete process.env['ORDERS_URL'];
  });
  return {
    ...project,
    server,
    address,
    orders: async () => Number((await server.sql('shop', 'SELECT count(*) FROM orders'))[0]),
    databases: () =>
      server.sql(
        'postgres',
        "SELECT datname FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1",
      ),
    seen: async () =>
      (await project.read('seen-by-smoke.ndjson'))
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as SeenBySmoke),
  };
};
