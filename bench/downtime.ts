/**
 * Measures how long a service is down in a deploy and in a rollback, per step, by the record of real runs: of a folder of
 * files, of a SQLite database and, where `--postgres` names a server, of a PostgreSQL database, 1 % of each changed
 * between the backup and the rollback. Beside it the least that anybody does by hand: `cp -a` of a copy and two `mv`, or
 * `pg_restore` of a dump into a new database. Prints one table.
 *
 *   npm run bench:downtime -- [--megabytes N] [--postgres postgresql://user@host]
 */
import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type DownSpan, downtimeOf } from '../packages/rollout/src/record/downtime.ts';
import type { RecordedEvent } from '../packages/rollout/src/record/events.ts';
import { formatTable } from '../packages/rollout/src/words/format.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '480' }, postgres: { type: 'string' } },
});
const megabytes = wholeNumber('--megabytes', values.megabytes);
const changed = Math.max(1, Math.round(megabytes / 100));
const cli = fileURLToPath(new URL('../scripts/cli.js', import.meta.url));

/** One kind of data, in a folder of its own. */
interface Data {
  readonly kind: string;
  readonly yaml: string;
  make(root: string): void;
  change(root: string): void;
  /** What takes the service down where it is done by hand, and what may be done before. */
  byHand(root: string): { readonly name: string; before(): void; while(): void };
}

const block = (n: number): Buffer => Buffer.alloc(1_000_000, `block ${n} `);

const copied = (root: string, name: string) => ({
  name: 'cp -a, mv',
  before: () => execFileSync('cp', ['-a', join(root, name), join(root, `${name}.copy`)]),
  while: () => {
    execFileSync('cp', ['-a', join(root, `${name}.copy`), join(root, `${name}.new`)]);
    execFileSync('mv', [join(root, name), join(root, `${name}.old`)]);
    execFileSync('mv', [join(root, `${name}.new`), join(root, name)]);
  },
});

const files: Data = {
  kind: 'files',
  yaml: '{ name: files, type: files, path: data }',
  make: (root) => {
    mkdirSync(join(root, 'data'));
    for (let n = 0; n < megabytes; n++) writeFileSync(join(root, 'data', `${n}.bin`), block(n));
  },
  change: (root) => {
    for (let n = 0; n < changed; n++) writeFileSync(join(root, 'data', `${n}.bin`), block(-n));
  },
  byHand: (root) => copied(root, 'data'),
};

const inSqlite = (root: string, sql: string, rows: number): void => {
  const db = new DatabaseSync(join(root, 'data.db'));
  db.exec('CREATE TABLE IF NOT EXISTS blocks (id INTEGER PRIMARY KEY, content BLOB); BEGIN');
  const statement = db.prepare(sql);
  for (let n = 0; n < rows; n++) statement.run(block(rows - n), n + 1);
  db.exec('COMMIT');
  db.close();
};

const sqlite: Data = {
  kind: 'SQLite',
  yaml: '{ name: db, type: sqlite, path: data.db }',
  make: (root) => inSqlite(root, 'INSERT INTO blocks (content, id) VALUES (?, ?)', megabytes),
  change: (root) => inSqlite(root, 'UPDATE blocks SET content = ? WHERE id = ?', changed),
  byHand: (root) => copied(root, 'data.db'),
};

const postgres = (server: string): Data => {
  const name = `dhash_bench_${process.pid}`;
  const at = (database: string) => new URL(`/${database}`, server).href;
  const sql = (database: string, statement: string) =>
    execFileSync('psql', ['-X', '-q', '-v', 'ON_ERROR_STOP=1', at(database), '-c', statement]);
  // Random text: what is stored is as large as it says.
  const content =
    "(SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 3125) WHERE n > 0)";
  return {
    kind: 'PostgreSQL',
    yaml: `{ name: db, type: postgres, url: "${at(name)}" }`,
    make: () => {
      sql('postgres', `CREATE DATABASE ${name}`);
      sql(name, 'CREATE TABLE blocks (id serial PRIMARY KEY, content text)');
      sql(
        name,
        `INSERT INTO blocks (content) SELECT ${content} FROM generate_series(1, ${megabytes * 10}) AS n`,
      );
    },
    change: () =>
      sql(name, `UPDATE blocks SET content = content || 'x' WHERE id <= ${changed * 10}`),
    byHand: (root) => ({
      name: 'pg_restore',
      before: () => execFileSync('pg_dump', ['-Fc', '-Z0', '-f', join(root, 'dump'), at(name)]),
      while: () => {
        sql('postgres', `CREATE DATABASE ${name}_new`);
        execFileSync('pg_restore', ['-d', at(`${name}_new`), join(root, 'dump')]);
        sql('postgres', `DROP DATABASE ${name}`);
        sql('postgres', `DROP DATABASE ${name}_new`);
      },
    }),
  };
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });

const service = `
import { createServer } from 'node:http';
createServer((_, response) => response.end('{"status":"OK"}')).listen(Number(new URL(process.env.ROLLOUT_URL).port), '127.0.0.1');
`;

const makeProject = async (root: string, { yaml }: Data): Promise<void> => {
  const scripts = {
    'start.sh': `#!/bin/sh\ncd "$(dirname "$0")"\nnohup "${process.execPath}" service.mjs >/dev/null 2>&1 </dev/null &\necho $! >"${root}/pid"\n`,
    'stop.sh': `#!/bin/sh\npid=$(cat "${root}/pid" 2>/dev/null) || exit 0\nkill "$pid" 2>/dev/null\nwhile kill -0 "$pid" 2>/dev/null; do sleep 0.01; done\nrm -f "${root}/pid"\n`,
  };
  for (const version of ['1.0', '1.1']) {
    const folder = join(root, 'artifacts', version);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'service.mjs'), service);
    for (const [name, text] of Object.entries(scripts)) {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), 0o755);
    }
  }
  writeFileSync(
    join(root, 'gates.json'),
    JSON.stringify({
      environments: {
        production: {
          duration: '1s',
          arming: { polls: 2, every: '100ms' },
          qualityGates: { healthFailures: { threshold: 2 } },
        },
      },
    }),
  );
  writeFileSync(
    join(root, 'rollout.yaml'),
    `service: bench
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:${await freePort()}
    health: { path: /, timeout: 2s }
    data: [ ${yaml} ]
    target: { type: releases, root: app, artifact: "artifacts/{version}", start: ./start.sh, stop: ./stop.sh }
    rollback: { data: restore }
`,
  );
};

const run = (root: string, ...argv: string[]): void => {
  const ended = spawnSync(
    process.execPath,
    ['--no-warnings', '--conditions=@dhash/source', cli, ...argv, '--env', 'production'],
    { cwd: root, encoding: 'utf8' },
  );
  if (ended.status !== 0) throw new Error(`${argv.join(' ')}: ${ended.stdout}${ended.stderr}`);
};

const spansIn = (root: string): DownSpan[] => {
  const folder = join(root, 'rollouts');
  return readdirSync(folder)
    .sort()
    .flatMap((name) => {
      const text = readFileSync(join(folder, name, 'journal.ndjson'), 'utf8');
      const events = text
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as RecordedEvent);
      return downtimeOf(events).spans;
    });
};

const seconds = (ms: number): string => (ms / 1000).toFixed(2);

/** What is the service's own: how long it takes to come up. */
const ofTheService = ['start', 'health'];

const rowOf = (kind: string, { by, fromMs, toMs, steps }: DownSpan): string[] => {
  const totalMs = (toMs ?? fromMs) - fromMs;
  const serviceMs = steps
    .filter(({ step }) => ofTheService.includes(step))
    .reduce((sum, { ms }) => sum + ms, 0);
  const told = steps.map(({ step, ms }) => `${step} ${seconds(ms)}`).join(', ');
  return [kind, by, seconds(totalMs), seconds(totalMs - serviceMs), told];
};

const measure = async (data: Data): Promise<string[][]> => {
  const root = mkdtempSync(join(tmpdir(), 'dhash-bench-'));
  try {
    data.make(root);
    await makeProject(root, data);
    // There is data already: without a release that runs this is no first deploy, and stops nothing.
    run(root, 'deploy', '--version', '1.0');
    run(root, 'deploy', '--version', '1.1', '--supersede');
    data.change(root);
    const backups = readdirSync(join(root, 'backups'))
      .filter((name) => name.endsWith('.zip'))
      .sort();
    run(
      root,
      'rollback',
      '--backup',
      join(root, 'backups', backups.at(-1) ?? ''),
      '--reason',
      'bench',
    );
    const rows = spansIn(root).map((span) => rowOf(data.kind, span));
    const byHand = data.byHand(root);
    byHand.before();
    const startedMs = performance.now();
    byHand.while();
    const ms = performance.now() - startedMs;
    return [...rows, [data.kind, byHand.name, seconds(ms), seconds(ms), '']];
  } finally {
    spawnSync('sh', ['-c', `kill "$(cat "$0/pid")"`, root]);
    rmSync(root, { recursive: true, force: true });
  }
};

const rows = [['data', 'act', 'down, s', 'own work, s', 'per step, s']];
const kinds = [
  files,
  sqlite,
  ...(values.postgres === undefined ? [] : [postgres(values.postgres)]),
];
for (const data of kinds) rows.push(...(await measure(data)));
for (const line of formatTable(rows)) console.log(line);
if (values.postgres === undefined)
  console.log('PostgreSQL: left out, since --postgres names no server');
