import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { freePort, tempFolder } from '@dhash/testkit';
import { onTestFinished } from 'vitest';
import { type Clock, systemClock } from '../../src/process/clock.ts';
import { type Ran, runMain } from '../run-main.ts';
import { hurried } from './hurried.ts';

/** A small real service: SQLite notes, health with a version, counters as Prometheus text. */
const server = (version: string, failing: boolean) => `
import { createServer } from 'node:http';
import { readFileSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
const base = process.env.NOTES_DATA;
const db = new DatabaseSync(base + '/notes.db');
db.exec('PRAGMA journal_mode=WAL');
let total = 0;
let failed = 0;
createServer((request, response) => {
  if (request.url === '/health') {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ status: 'OK', version: ${JSON.stringify(version)}, pid: process.pid }));
  } else if (request.url === '/metrics') {
    total += 10;
    ${failing ? 'failed += 9;' : ''}
    response.end('# TYPE notes_total counter\\nnotes_total ' + total + '\\n# TYPE notes_failed_total counter\\nnotes_failed_total ' + failed + '\\n');
  } else if (request.method === 'POST') {
    db.prepare('INSERT INTO notes (text) VALUES (?)').run('written by ${version}');
    writeFileSync(base + '/files/' + Date.now() + '.txt', 'written by ${version}');
    response.end('ok');
  } else {
    response.statusCode = 404;
    response.end();
  }
}).listen(Number(new URL(process.env.ROLLOUT_URL).port), '127.0.0.1');
`;

const start = `#!/bin/sh
set -e
cd "$(dirname "$0")"
nohup "${process.execPath}" server.mjs >"$NOTES_DATA/service.log" 2>&1 </dev/null &
echo $! >"$NOTES_DATA/service.pid"
`;
const stop = `#!/bin/sh
pid=$(cat "$NOTES_DATA/service.pid" 2>/dev/null) || exit 0
kill "$pid" 2>/dev/null || exit 0
# One that nobody has reaped yet is gone too.
while kill -0 "$pid" 2>/dev/null && ! grep -q "^State:.Z" "/proc/$pid/status" 2>/dev/null; do sleep 0.02; done
rm -f "$NOTES_DATA/service.pid"
`;

const script = async (file: string, text: string) => {
  await writeFile(file, text);
  await chmod(file, 0o755);
};

const migrations: Record<string, [string, string]> = {
  '001_notes': [
    'CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);',
    'DROP TABLE notes;',
  ],
  '002_tags': ['ALTER TABLE notes ADD COLUMN tag TEXT;', 'ALTER TABLE notes DROP COLUMN tag;'],
};

const release = async (
  root: string,
  version: string,
  names: readonly string[],
  serverText: string,
): Promise<void> => {
  const folder = join(root, 'artifacts', version);
  await mkdir(join(folder, 'migrations'), { recursive: true });
  await writeFile(join(folder, 'server.mjs'), serverText);
  await script(join(folder, 'start.sh'), start);
  await script(join(folder, 'stop.sh'), stop);
  for (const name of names) {
    const [up, down] = migrations[name] ?? ['', ''];
    await writeFile(join(folder, 'migrations', `${name}.up.sql`), up);
    await writeFile(join(folder, 'migrations', `${name}.down.sql`), down);
  }
};

export interface Project {
  readonly root: string;
  readonly url: string;
  readonly configFile: string;
  /** Environment of the process, for a command that runs in one of its own. */
  readonly processEnv: NodeJS.ProcessEnv;
  /** Runs the command line in this process. */
  run(...argv: string[]): Promise<Ran>;
  /** The same, by another clock. */
  runAt(clock: Clock, ...argv: string[]): Promise<Ran>;
  /** Lets the service write a row and a file. */
  writeNote(): Promise<void>;
  /** Rows of the live database, read beside the service. */
  notes(): number;
  read(path: string): Promise<string>;
}

/** Gates for a window of a few seconds. */
const gates = {
  environments: {
    production: {
      duration: '6s',
      autoRollback: true,
      pollCadence: { initial: '500ms', normal: '500ms', initialPeriod: '6s' },
      arming: { polls: 2, every: '200ms' },
      qualityGates: {
        healthFailures: { threshold: 2 },
        noteFailures: {
          kind: 'ratio',
          bad: 'notes_failed_total',
          total: 'notes_total',
          threshold: 5,
          unit: 'percent',
          timeWindow: '6s',
        },
      },
    },
  },
};

/** A project in a temp folder: releases 1.0, 1.1 (with a migration) and 1.2 (which fails), a free port. */
export const makeProject = async (
  options: {
    readonly yaml?: (text: string) => string;
    readonly duration?: string;
    /** Share of the polls that must have been made, and judged, for a promotion. */
    readonly minCoverage?: number;
    /** Pauses of the commands that run in this process are short: they must not watch. */
    readonly hurried?: boolean;
  } = {},
): Promise<Project> => {
  const root = await tempFolder();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await release(root, '1.0', ['001_notes'], server('1.0', false));
  await release(root, '1.1', ['001_notes', '002_tags'], server('1.1', false));
  await release(root, '1.2', ['001_notes', '002_tags'], server('1.2', true));
  const init = `import { mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
mkdirSync('data/files', { recursive: true });
new DatabaseSync('data/notes.db').exec('PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS made (at TEXT)');
`;
  await writeFile(join(root, 'init.mjs'), init);
  await writeFile(
    join(root, 'smoke.mjs'),
    'const answer = await fetch(process.env.ROLLOUT_URL + "/health");\nconsole.log("ok health", answer.status);\nprocess.exitCode = answer.ok ? 0 : 1;\n',
  );
  const policy = structuredClone(gates);
  if (options.duration !== undefined) policy.environments.production.duration = options.duration;
  if (options.minCoverage !== undefined)
    Object.assign(policy.environments.production, {
      minCoverage: options.minCoverage,
      minJudged: options.minCoverage,
    });
  await writeFile(join(root, 'gates.json'), JSON.stringify(policy, null, 2));
  const yaml = `service: notes
gates: gates.json
environments:
  production:
    url: ${url}
    health: { path: /health, timeout: 2s, expect: { status: OK }, version: version }
    metrics: { type: prometheus, path: /metrics }
    data:
      - { name: files, type: files, path: data/files }
      - { name: notes, type: sqlite, path: data/notes.db }
    target:
      type: releases
      root: app
      artifact: "artifacts/{version}"
      init: ["${process.execPath}", "init.mjs"]
      start: ./start.sh
      stop: ./stop.sh
    migrations: { dir: "artifacts/{version}/migrations", database: notes }
    smoke: { command: ["${process.execPath}", "smoke.mjs"], timeout: 20s }
    rollback: { data: restore }
`;
  const configFile = join(root, 'rollout.yaml');
  await writeFile(configFile, options.yaml?.(yaml) ?? yaml);
  const processEnv = { ...process.env, NOTES_DATA: join(root, 'data'), NO_COLOR: '1' };
  process.env['NOTES_DATA'] = processEnv.NOTES_DATA;
  onTestFinished(async () => {
    const pid = await readFile(join(root, 'data', 'service.pid'), 'utf8').catch(() => '');
    if (pid.trim() !== '') {
      try {
        process.kill(Number(pid), 'SIGKILL');
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
      }
    }
  });
  const runAt = (clock: Clock, ...argv: string[]): Promise<Ran> =>
    runMain(argv, { processEnv, cwd: root, clock });
  return {
    root,
    url,
    configFile,
    processEnv,
    run: (...argv) => runAt(options.hurried === true ? hurried : systemClock, ...argv),
    runAt,
    writeNote: async () => {
      const answer = await fetch(url, { method: 'POST' });
      if (!answer.ok) throw new Error(`the service answered ${answer.status}`);
    },
    notes: () => {
      const db = new DatabaseSync(join(root, 'data', 'notes.db'), { readOnly: true });
      const row = db.prepare('SELECT count(*) AS rows FROM notes').get();
      db.close();
      return Number(row?.['rows']);
    },
    read: (path) => readFile(join(root, path), 'utf8'),
  };
};
