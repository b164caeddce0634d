import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openJournal } from '@dhash/journal';
import { tempFolder } from '@dhash/testkit';
import { layoutOf } from '../../src/record/layout.ts';
import { opened } from '../opened.ts';
import { type Ran, runMain } from '../run-main.ts';

/** A service of files and a database that never runs: what matters here is how its backups are kept. */
export interface FilesProject {
  readonly root: string;
  readonly backups: string;
  /** Runs a command as if it were `at` (ISO 8601). */
  run(at: string, ...argv: string[]): Promise<Ran>;
  /** The same with `--json`: the events of stdout. */
  events(at: string, ...argv: string[]): Promise<Record<string, unknown>[]>;
  /** Takes a backup, and gives its name. */
  backUp(at: string, ...argv: string[]): Promise<string>;
  /** Makes the files be `count` of `bytes` each. */
  files(count: number, bytes?: number): Promise<void>;
  /** Makes the table hold `count` rows. */
  rows(count: number): void;
  /** Writes a run on record, open unless it is closed by one of its events. */
  record(run: string, ...events: Record<string, string | Record<string, string>>[]): Promise<void>;
}

export const filesProject = async (
  settings: {
    readonly backup?: string;
    /** Lines of the file's own level, and of the environment's. */
    readonly more?: string;
    readonly environment?: string;
    /** Folder of lock and record. */
    readonly state?: string;
  } = {},
): Promise<FilesProject> => {
  const root = await tempFolder();
  const backup = settings.backup === undefined ? '' : `backup: ${settings.backup}\n`;
  await writeFile(
    join(root, 'rollout.yaml'),
    `service: notes
gates: gates.json
${backup}${settings.more ?? ''}
environments:
  production:
    url: http://127.0.0.1:9
    health: { path: /health }
    data:
      - { name: files, type: files, path: data/files }
      - { name: notes, type: sqlite, path: data/notes.db }
    target: { type: command, current: "cat release", activate: "true", start: "true", stop: "true" }
    rollback: { data: restore }
${settings.state === undefined ? '' : `    state: ${settings.state}\n`}${settings.environment ?? ''}`,
  );
  const run = (at: string, ...argv: string[]): Promise<Ran> =>
    runMain(argv, {
      processEnv: { USER: 'ana' },
      cwd: root,
      clock: { now: () => Date.parse(at), sleep: async () => undefined },
    });
  const events = async (at: string, ...argv: string[]) =>
    (await run(at, ...argv, '--json')).out
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const rows = (count: number) => {
    const db = new DatabaseSync(join(root, 'data', 'notes.db'));
    db.exec('CREATE TABLE IF NOT EXISTS notes (text TEXT); DELETE FROM notes');
    const insert = db.prepare('INSERT INTO notes VALUES (?)');
    for (let i = 0; i < count; i += 1) insert.run(`note ${i}`);
    db.close();
  };
  const files = async (count: number, bytes = 1000) => {
    await rm(join(root, 'data', 'files'), { recursive: true, force: true });
    await mkdir(join(root, 'data', 'files'), { recursive: true });
    for (let i = 0; i < count; i += 1)
      await writeFile(
        join(root, 'data', 'files', `${i}.txt`),
        `${i} `.repeat(bytes).slice(0, bytes),
      );
  };
  await writeFile(join(root, 'release'), '1.0');
  await files(10);
  rows(10);
  return {
    root,
    backups: join(root, 'backups'),
    run,
    events,
    files,
    rows,
    backUp: async (at, ...argv) => {
      const last = (await events(at, 'backup', '--env', 'production', ...argv)).at(-1);
      if (last?.['exit'] !== 0) throw new Error(`no backup: ${JSON.stringify(last)}`);
      return String(last['name']);
    },
    record: async (name, ...more) => {
      const journal = await openJournal(layoutOf(root, settings.state ?? null).run(name).journal, {
        now: Date.now,
      });
      await journal.append(opened());
      for (const event of more) await journal.append({ type: 'step.done', ms: 1, ...event });
      await journal.close();
    },
  };
};
