import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { messageOf } from '@dhash/basics/message-of';
import { onlyFileOf } from '../backup-files.ts';
import { BackupError } from '../errors.ts';
import type { ManifestSource } from '../manifest.ts';
import { parseConnection } from '../postgres/connection.ts';
import { countRows, readRows } from '../postgres/count-rows.ts';
import { checkDump, dumpDatabase } from '../postgres/dump.ts';
import { databaseOf } from '../postgres/psql.ts';
import { postgresObstacles } from '../postgres/put-back.ts';
import { restoreDump } from '../postgres/restore-dump.ts';
import {
  createLike,
  databasesThere,
  dropDatabases,
  openDatabase,
  renameDatabases,
  roomOf,
  sideName,
} from '../postgres/side-database.ts';
import { sourceOfType } from '../restore/context.ts';
import { checkRestoreId, type DatabaseTarget } from '../restore/staged-target.ts';
import { onlyLineOf } from '../shown-manifest.ts';
import type { PostgresSource } from '../types.ts';
import { type EntryDigest, readEntry } from '../zip/read-entry.ts';
import { refuse } from '../zip/read-structure.ts';
import type { Captured, CaptureJob, DataKind, RestoreContext, StageJob } from './data-kind.ts';
import { dumpedItem } from './dumped-item.ts';
import { unproven } from './unproven.ts';

const capture = async (source: PostgresSource, job: CaptureJob): Promise<Captured> => {
  const copy = await job.newCopy('dump');
  const to = await open(copy, 'r+');
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    job.onProgress?.({
      phase: 'copy',
      bytes: done,
      totalBytes: done,
      entries: 0,
      totalEntries: 1,
      entry: source.name,
    });
  };
  const rows = await dumpDatabase(source, { to, signal: job.signal, onBytes }).finally(() =>
    to.close(),
  );
  const facts: ManifestSource = { name: source.name, type: 'postgres', ...rows };
  return {
    ...(await dumpedItem('database.dump', copy)),
    owner: null,
    unreadable: [],
    facts: async () => {
      await checkDump(createReadStream(copy), source.name, job.signal);
      return facts;
    },
  };
};

const isServerLost = (error: unknown): boolean =>
  error instanceof BackupError && error.code === 'server-lost';

const sourceOf = (target: DatabaseTarget, context: Pick<RestoreContext, 'sourceOf'>) =>
  sourceOfType('postgres', target, context);

const rowProblems = (
  name: string,
  before: Readonly<Record<string, number>>,
  now: Readonly<Record<string, number>>,
): string[] =>
  Object.keys({ ...before, ...now })
    .filter((table) => before[table] !== now[table])
    .map(
      (table) =>
        `${name}.${table}: ${now[table] ?? 'no'} rows, ${before[table] ?? 'none'} in the backup`,
    );

/** Restores into a database of its own, and compares its rows with the manifest's. */
const stage = async (target: DatabaseTarget, job: StageJob): Promise<void> => {
  const { backup, signal } = job;
  const source = sourceOf(target, job);
  const own = onlyFileOf(backup.files, target.name);
  if (own === null) return refuse(backup.file, 13, `its manifest has no dump of "${target.name}"`);
  await createLike(source, target, signal);
  const digest: EntryDigest = { sha256: '' };
  await restoreDump(source, target.staged, {
    input: readEntry(backup, own.entry, digest, signal),
    signal,
  });
  if (digest.sha256 !== own.line.sha256)
    return refuse(backup.file, 11, 'it changed between its check and its restore', own.line.path);
  const recorded = backup.manifest.sources.find(({ name }) => name === target.name)?.tables ?? {};
  const problems = rowProblems(
    target.name,
    recorded,
    await countRows(source, target.staged, signal),
  );
  if (problems.length > 0)
    throw new BackupError(
      'restored-data-differs',
      `the side database "${target.staged}" is not what the backup holds: ${problems.slice(0, 5).join('; ')}`,
      { problems },
    );
  job.report(own.line.path, own.line.size);
};

const conflict = (target: DatabaseTarget, what: string): BackupError =>
  new BackupError(
    'swap-conflict',
    `the data of "${target.name}" can't be swapped: ${what}. Nothing was overwritten`,
  );

const swapIn = async (target: DatabaseTarget, context: RestoreContext): Promise<void> => {
  const source = sourceOf(target, context);
  const { live, staged, previous } = target;
  const there = await databasesThere(source, target, context.signal);
  if (!there.staged) {
    if (there.live && there.previous) return;
    throw conflict(target, `the database "${staged}" is not there`);
  }
  if (there.live && there.previous)
    throw conflict(target, `the databases "${live}", "${staged}" and "${previous}" all exist`);
  await renameDatabases(source, target, [
    ...(there.live ? [{ from: live, to: previous }] : []),
    { from: staged, to: live },
  ]);
};

const swapBack = async (target: DatabaseTarget, context: RestoreContext): Promise<void> => {
  const source = sourceOf(target, context);
  const { live, staged, previous } = target;
  const there = await databasesThere(source, target, context.signal);
  if (!there.previous) {
    // The swap got no further than shutting the door.
    if (there.live) await openDatabase(source, target, live);
    if (there.staged) await openDatabase(source, target, staged);
    return;
  }
  if (there.live && there.staged)
    throw conflict(target, `the databases "${live}", "${staged}" and "${previous}" all exist`);
  await renameDatabases(source, target, [
    ...(there.live ? [{ from: live, to: staged }] : []),
    { from: previous, to: live },
  ]);
};

/** PostgreSQL databases: dumped, restored into a side database, swapped by one transaction of two renames. */
export const postgresKind: DataKind<PostgresSource, DatabaseTarget> = {
  isCapturedFirst: true,
  problems: ({ name, url }) => {
    const parsed = parseConnection(url);
    return 'problem' in parsed ? [`the url of the source "${name}" ${parsed.problem}`] : [];
  },
  capture,
  obstacles: postgresObstacles,
  target: (source, id) => {
    checkRestoreId(id);
    const live = databaseOf(source);
    return {
      name: source.name,
      type: 'postgres',
      live,
      staged: sideName(live, 'restore', id),
      previous: sideName(live, 'prev', id),
    };
  },
  stage,
  isAside: async (target, context) =>
    (await databasesThere(sourceOf(target, context), target, context.signal)).previous,
  swapIn,
  swapBack,
  discard: (target, context) =>
    dropDatabases(sourceOf(target, context), [target.staged, target.previous, roomOf(target)]),
  asSource: (target, which, context) => ({
    ...sourceOf(target, context),
    database: target[which],
  }),
  prove: async (source, manifest, signal) => {
    const recorded = manifest.sources.find(({ name }) => name === source.name)?.tables ?? {};
    const bytes = onlyLineOf(manifest, source.name)?.size ?? 0;
    try {
      const tables = await countRows(source, databaseOf(source), signal);
      return { problems: rowProblems(source.name, recorded, tables), files: 1, bytes, tables };
    } catch (error) {
      if (signal?.aborted === true || isServerLost(error)) throw error;
      return unproven(`${source.name}: ${messageOf(error)}`, {});
    }
  },
  compare: async (source, { tables = {}, digests = {} }, _, options) => {
    const now = await readRows(source, databaseOf(source), options?.signal);
    const changed = Object.keys(digests).filter((table) => {
      const digest = now.digests[table];
      return (
        digest !== undefined && digest !== digests[table] && tables[table] === now.tables[table]
      );
    });
    return {
      ...{ added: [], changed: [], removed: [] },
      tables: { before: tables, after: now.tables, changed },
    };
  },
};
