import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, readlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { tempFolder } from '@dhash/testkit';
import { runCommandLine } from '../../src/cli/run-command-line.ts';
import type { CommandContext, CommandResult } from '../../src/environment/context.ts';
import type { Environment } from '../../src/environment/environment.ts';
import type { Ran } from '../run-main.ts';
import { badRelease, standInEnvironment, standInService } from './stand-in.ts';
import { type VirtualClock, virtualClock } from './virtual-clock.ts';

const migrations: Record<string, readonly [string, string]> = {
  '001_notes': ['CREATE TABLE notes (text TEXT NOT NULL);', 'DROP TABLE notes;'],
  '002_tags': ['ALTER TABLE notes ADD COLUMN tag TEXT;', 'ALTER TABLE notes DROP COLUMN tag;'],
};
const releases: Record<string, readonly string[]> = {
  '1.0': ['001_notes'],
  '1.1': ['001_notes', '002_tags'],
  [badRelease]: ['001_notes', '002_tags'],
};
const gates = {
  environments: {
    production: {
      duration: '3s',
      autoRollback: true,
      minCoverage: 0.1,
      minJudged: 0.1,
      pollCadence: { initial: '500ms', normal: '500ms', initialPeriod: '3s' },
      arming: { polls: 2, every: '200ms' },
      qualityGates: {
        healthFailures: { threshold: 1 },
        failures: { kind: 'level', gauge: 'failures', threshold: 5 },
      },
    },
  },
};

export interface WorldOptions {
  /** How the smoke tests end; left out: there are none. */
  readonly smoke?: 'true' | 'false';
  /** Whether a deploy drills its backup. */
  readonly drill?: boolean;
}

const yaml = ({ smoke, drill = false }: WorldOptions) => `service: notes
gates: gates.json
environments:
  production:
    url: http://127.0.0.1:1
    health: { path: /health, timeout: 2s, version: version }
    metrics: { type: json, path: /metrics }
    data:
      - { name: files, type: files, path: data/files }
      - { name: notes, type: sqlite, path: data/notes.db }
    backup: { drill: { beforeDeploy: ${drill} } }
    target:
      type: releases
      root: app
      artifact: "artifacts/{version}"
      init: ./init.sh
      start: ./start.sh
      stop: ./stop.sh
    migrations: { dir: "artifacts/{version}/migrations", database: notes }
    rollback: { data: restore }
${smoke === undefined ? '' : `    smoke: { command: [/bin/${smoke}], timeout: 20s }\n`}`;

/** What a process does. */
export type Work = (context: CommandContext, environment: Environment) => Promise<CommandResult>;

export interface ProcessOptions {
  readonly signal?: AbortSignal;
  /** Aborted by a second signal. */
  readonly leave?: AbortSignal;
  /** Gets each line of `--json` in the moment that it is written. */
  readonly onLine?: (line: Record<string, unknown>) => void;
}

/** A project on disk whose service is no process; see `standInService`. */
export interface World {
  readonly root: string;
  readonly clock: VirtualClock;
  /** Writes rollout.yaml anew. */
  configure(options: WorldOptions): Promise<void>;
  /** What a process of its own would do, as far as its exit code; later than the one before. */
  process(work: Work, options?: ProcessOptions): Promise<Ran>;
  /** Keeps all files as they are now. */
  save(name: string): void;
  /** Puts them back as they were kept. */
  load(name: string): void;
  /** The process is gone: what it held says so. */
  bury(): void;
  /** The newest backup. */
  backup(): string;
  state(): Promise<WholeState>;
}

/** All that must be the old or the new one, together. */
export interface WholeState {
  readonly release: string | null;
  /** What the service says it runs; `null`: it is down. */
  readonly answers: string | null;
  /** Tables with their columns and rows, and each file with its content; `null`: there is no data. */
  readonly data: string | null;
}

const rowsOf = (file: string): unknown => {
  if (!existsSync(file)) return null;
  const db = new DatabaseSync(file, { readOnly: true });
  const tables = db
    .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all();
  const rows = tables.map(({ name, sql }) => [
    sql,
    db
      .prepare(`SELECT * FROM "${String(name)}"`)
      .all()
      // When a migration was applied is not part of the data.
      .map((row) => Object.entries(row).filter(([column]) => !/_at$|_ms$/.test(column))),
  ]);
  db.close();
  return rows;
};

const textsOf = (folder: string): unknown =>
  existsSync(folder)
    ? readdirSync(folder)
        .sort()
        .map((name) => [name, readFileSync(join(folder, name), 'utf8')])
    : null;

const dataOf = (root: string): string | null => {
  const rows = rowsOf(join(root, 'data', 'notes.db'));
  const texts = textsOf(join(root, 'data', 'files'));
  return rows === null && texts === null ? null : JSON.stringify({ rows, texts });
};

const makeReleases = async (root: string): Promise<void> => {
  for (const [version, names] of Object.entries(releases)) {
    const folder = join(root, 'artifacts', version, 'migrations');
    await mkdir(folder, { recursive: true });
    for (const name of names) {
      const [up, down] = migrations[name] ?? ['', ''];
      await writeFile(join(folder, `${name}.up.sql`), up);
      await writeFile(join(folder, `${name}.down.sql`), down);
    }
  }
};

const copy = (from: string, to: string) =>
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    // A socket is its process's, and a process that is gone has none.
    filter: (path) => !path.endsWith('.sock'),
  });

/** Makes a lock that was left behind that of a process which is gone, as this one is not. */
const buryLock = (folder: string): void => {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.sock')) rmSync(path);
    else if (/^\.?rollout\.lock(?!.*\.part$)/.test(name)) {
      const { socket: _, ...holder } = JSON.parse(readFileSync(path, 'utf8'));
      writeFileSync(path, `${JSON.stringify({ ...holder, startedTicks: '1' })}\n`);
    }
  }
};

/** Names with the pid of this process become those of one that is gone. */
const buryTries = (folder: string): void => {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder).filter((each) => each.includes(`-try-${process.pid}-`)))
    renameSync(join(folder, name), join(folder, name.replace(String(process.pid), '999999999')));
};

const neverAborted = () => new AbortController().signal;

/** An empty project with three releases, nothing of it deployed. */
export const makeWorld = async (options: WorldOptions = {}): Promise<World> => {
  const folder = await tempFolder();
  const root = join(folder, 'project');
  const kept = (name: string) => join(folder, 'kept', name);
  const service = standInService(root);
  await makeReleases(root);
  await writeFile(join(root, 'gates.json'), JSON.stringify(gates));
  const configure = (changed: WorldOptions) => writeFile(join(root, 'rollout.yaml'), yaml(changed));
  await configure(options);
  const clock = virtualClock(Date.now());
  const keptAtMs = new Map<string, number>();
  return {
    root,
    clock,
    configure,
    process: async (work, { signal = neverAborted(), leave = neverAborted(), onLine } = {}) => {
      clock.set(clock.now() + 2000);
      let out = '';
      let err = '';
      const stdout = {
        write: (text: string) => {
          out += text;
          onLine?.(JSON.parse(text) as Record<string, unknown>);
        },
      };
      const stderr = {
        write: (text: string) => {
          err += text;
        },
      };
      const surroundings = { processEnv: { NO_COLOR: '1' }, cwd: root, clock, signal, leave };
      const exit = await runCommandLine(
        { stdout, stderr, ...surroundings },
        'test',
        { json: true },
        async (context) => work(context, await standInEnvironment(context, service)),
      );
      return { exit, out, err };
    },
    save: (name) => {
      rmSync(kept(name), { recursive: true, force: true });
      copy(root, kept(name));
      keptAtMs.set(name, clock.now());
    },
    load: (name) => {
      rmSync(root, { recursive: true, force: true });
      copy(kept(name), root);
      clock.set(keptAtMs.get(name) ?? clock.now());
    },
    bury: () => {
      buryLock(join(root, 'app'));
      buryTries(join(root, 'data'));
    },
    backup: () =>
      join(
        root,
        'backups',
        readdirSync(join(root, 'backups'))
          .filter((name) => name.endsWith('.zip'))
          .sort()
          .at(-1) ?? '',
      ),
    state: async () => ({
      release: await readlink(join(root, 'app', 'current')).catch(() => null),
      answers: service.runs(),
      data: dataOf(root),
    }),
  };
};
