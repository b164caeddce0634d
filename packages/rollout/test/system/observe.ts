import { existsSync } from 'node:fs';
import { readdir, readFile, readlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type JournalEvent, readJournal } from '@dhash/journal';
import type { WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { expect } from 'vitest';
import type { Ran } from '../run-main.ts';
import type { Project } from './project.ts';

/** The `result` line of a `--json` command. */
export const resultOf = (out: string): Record<string, unknown> =>
  JSON.parse(out.trimEnd().split('\n').at(-1) ?? '{}') as Record<string, unknown>;

/** Fails with all that the command said where it did not end with this code. */
export const expectExit = (ran: Ran, exit: number): Ran => {
  expect(ran.exit, `${ran.out}${ran.err}`).toBe(exit);
  return ran;
};

/** A project whose 1.0 is live and promoted. */
export const promote = async (project: Project, version = '1.0'): Promise<void> => {
  expectExit(await project.run('deploy', '--env', 'production', '--version', version), 0);
  const args = ['--env', 'production', '--now', '--reason', 'first release'];
  expectExit(await project.run('promote', ...args), 0);
};

/** All that an undo must bring back: the release, each row, each file, the schema, the migrations. */
export const liveState = async (project: Project): Promise<Record<string, unknown>> => {
  const db = new DatabaseSync(join(project.root, 'data', 'notes.db'), { readOnly: true });
  const tables = db.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'table'").all();
  const rows = tables
    .map(({ name }) => String(name))
    .filter((name) => !name.startsWith('sqlite_'))
    .map((name) => [
      name,
      db
        .prepare(`SELECT * FROM "${name}"`)
        .all()
        // When a migration was applied is not part of the data.
        .map((row) => Object.entries(row).filter(([column]) => !/_at$|_ms$/.test(column))),
    ]);
  db.close();
  const files = join(project.root, 'data', 'files');
  const names = (await readdir(files)).sort();
  const answer = (await (await fetch(`${project.url}/health`)).json()) as {
    version: string;
    pid: number;
  };
  return {
    release: await readlink(join(project.root, 'app', 'current')),
    answers: answer.version,
    // A service that was started twice is not the one that stop.sh knows.
    isStoppable: answer.pid === Number(await project.read('data/service.pid')),
    columns: tables.map(({ name, sql }) => [name, String(sql).replaceAll(/\s+/g, ' ')]),
    rows,
    files: await Promise.all(
      names.map(async (name) => [name, await readFile(join(files, name), 'utf8')]),
    ),
  };
};

export const status = async (project: Project): Promise<Record<string, unknown>> =>
  resultOf((await project.run('status', '--json')).out);

export const isWatchStart = ({ type }: JournalEvent): boolean =>
  type === 'watch.started' || type === 'watch.resumed';

export const newestRun = async (project: Project): Promise<string> => {
  const { runs } = resultOf((await project.run('history', '--json')).out);
  return (runs as { run: string }[])[0]?.run ?? '';
};

export const journalOf = async (project: Project, run: string): Promise<JournalEvent[]> => {
  const file = join(project.root, 'rollouts', run, 'journal.ndjson');
  return existsSync(file) ? (await readJournal(file)).events : [];
};

/** Cuts lines off a record's end: the process died before it wrote them. */
export const keepLines = async (
  project: Project,
  wanted: (lines: number) => number,
): Promise<void> => {
  const path = join('rollouts', await newestRun(project), 'journal.ndjson');
  const lines = (await project.read(path)).trimEnd().split('\n');
  const kept = lines.slice(0, wanted(lines.length)).map((line) => `${line}\n`);
  await truncate(join(project.root, path), Buffer.byteLength(kept.join('')));
};

/** Looks again until it is so. */
export const until = async (isSo: () => Promise<boolean> | boolean): Promise<void> => {
  const untilMs = performance.now() + 120_000;
  while (!(await isSo())) {
    if (performance.now() > untilMs) throw new Error('waited 2 min in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

/** The gates that a project's production is watched by. */
export const policyOf = async (project: Project): Promise<WatchPolicy> => {
  const file = join(project.root, 'gates.json');
  return gatesFor(parseGates(await readFile(file, 'utf8'), { file }), 'production');
};
