import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createBackup, type DataSource } from '@dhash/backup-core';
import type { NewEvent, StepEvent } from '@dhash/journal';
import { gatherRollback } from '../../src/gather-rollback.ts';
import type { RollbackOptions } from '../../src/options.ts';
import { planRollback } from '../../src/plan-rollback.ts';
import type { Clock, Service, Validation } from '../../src/ports.ts';

/** A service of files: which release is active, and whether it runs, is on disk like a real one's. */
export const fileService = (folder: string) => {
  const calls: string[] = [];
  const [active, running] = [join(folder, 'active'), join(folder, 'running')];
  const service: Service = {
    active: async () => (existsSync(active) ? readFile(active, 'utf8') : null),
    stop: async () => {
      calls.push('stop');
      await rm(running, { force: true });
    },
    activate: async (version) => {
      calls.push(`activate ${version}`);
      await writeFile(active, version);
    },
    start: async () => {
      calls.push('start');
      await writeFile(running, '');
    },
  };
  return { service, calls, isRunning: () => existsSync(running) };
};

export const well: Validation = {
  health: async () => ({ ok: true }),
  smoke: async () => ({ ok: true, output: '12 of 12' }),
};

export const countingClock = (startMs: number): Clock => {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms;
    },
  };
};

const tool = { name: '@dhash/rollback tests', version: '0.0.0' };

/** Data of release 1.0 backed up, then 1.1 active and more written: what a rollback meets. */
export const makeWorld = async (
  folder: string,
  { env = 'production', service: name = 'dhash' } = {},
) => {
  const world = openWorld(folder);
  const { service, sources } = world;
  const [images, library] = [imagesOf(folder), libraryOf(folder)];
  await mkdir(join(images, 'cards'), { recursive: true });
  await writeFile(join(images, 'cards', 'a.jpg'), 'picture a');
  await writeFile(join(images, 'b.jpg'), 'picture b');
  writeRows(library, ['one', 'two']);
  await service.activate('1.0');
  await service.start();
  const backup = await createBackup({
    dir: join(folder, 'backups'),
    root: folder,
    service: name,
    env,
    release: '1.0',
    migrations: ['001'],
    sources,
    tool,
    now: () => Date.UTC(2026, 0, 1),
  });
  await writeFile(join(folder, 'latest'), backup.file);
  await service.activate('1.1');
  await writeFile(join(images, 'b.jpg'), 'picture b, changed');
  await writeFile(join(images, 'c.jpg'), 'written since');
  await rm(join(images, 'cards', 'a.jpg'));
  writeRows(library, ['three']);
  world.calls.length = 0;
  return { ...world, backup: backup.file };
};

const imagesOf = (folder: string) => join(folder, 'var', 'images');
const libraryOf = (folder: string) => join(folder, 'var', 'library.db');

/** A world that `makeWorld` made, also in another process. */
export const openWorld = (folder: string) => {
  const sources: DataSource[] = [
    { name: 'images', type: 'files', path: imagesOf(folder) },
    { name: 'library', type: 'sqlite', path: libraryOf(folder) },
  ];
  const { service, calls, isRunning } = fileService(folder);
  const clock = countingClock(Date.UTC(2026, 0, 2));
  const gather = async () =>
    gatherRollback({
      backup: await readFile(join(folder, 'latest'), 'utf8'),
      service: 'dhash',
      env: 'production',
      sources,
      targetService: service,
    });
  const optionsFor = async (
    past: readonly NewEvent[],
    change: Partial<RollbackOptions> & { data?: 'restore' | 'keep' } = {},
  ): Promise<RollbackOptions> => ({
    plan: planRollback(await gather(), { data: change.data ?? 'restore' }),
    service,
    validation: well,
    clock,
    runId: 'run-1',
    safetyDir: join(folder, 'backups', 'safety'),
    incidentDir: join(folder, 'incidents', 'run-1'),
    root: folder,
    past,
    tool,
    reason: 'p95 of hash time beyond 800 ms',
    nextCommands: ['./scripts/rollback_dhash.sh --resume --env production'],
    ...change,
  });
  return {
    folder,
    sources,
    service,
    calls,
    isRunning,
    clock,
    gather,
    optionsFor,
    data: () => readData(imagesOf(folder), libraryOf(folder)),
    leftovers: async () =>
      (await readdir(join(folder, 'var'))).filter((entry) => entry.startsWith('.dhash-restore')),
  };
};

export type World = Awaited<ReturnType<typeof makeWorld>>;

/** Data as `makeWorld` left it before, and as its backup holds it. */
export const newData = {
  files: { 'b.jpg': 'picture b, changed', 'c.jpg': 'written since' },
  rows: ['one', 'two', 'three'],
};
export const oldData = {
  files: { 'b.jpg': 'picture b', 'cards/a.jpg': 'picture a' },
  rows: ['one', 'two'],
};

/** Leaves a -wal behind, as a service that was killed does. */
const writeRows = (file: string, names: readonly string[]) => {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode=WAL; CREATE TABLE IF NOT EXISTS cards(name TEXT)');
  for (const name of names) database.prepare('INSERT INTO cards VALUES (?)').run(name);
  database.close();
};

const readData = async (images: string, library: string) => {
  const files: Record<string, string> = {};
  for (const entry of await readdir(images, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      files[path.slice(images.length + 1)] = await readFile(path, 'utf8');
    }
  const database = new DatabaseSync(library);
  try {
    const rows = database.prepare('SELECT name FROM cards ORDER BY rowid').all();
    return { files, rows: rows.map((row) => String(row['name'])) };
  } finally {
    database.close();
  }
};

/**
 * Appends each event as a recorder does. `dieAt` ends it for good at that event (counted from 0):
 * `recorded` right after its line is durable, `lost` when its act is done and its line is not.
 */
export const drive = async <R>(
  events: AsyncGenerator<StepEvent, R>,
  journal: NewEvent[],
  dieAt: { event: number; line: 'recorded' | 'lost' } | null = null,
): Promise<R | 'died'> => {
  for (let event = 0; ; event++) {
    const next = await events.next();
    if (next.done) return next.value;
    if (dieAt?.event === event && dieAt.line === 'lost') return 'died';
    journal.push(next.value);
    if (dieAt?.event === event) return 'died';
  }
};
