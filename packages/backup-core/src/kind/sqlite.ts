import { stat } from 'node:fs/promises';
import { basename, isAbsolute } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';
import { giveAttributes } from '../attributes/give-attributes.ts';
import { attributesOf } from '../attributes/read-attributes.ts';
import { withAttributes } from '../attributes/with-attributes.ts';
import { onlyFileOf } from '../backup-files.ts';
import { BackupError } from '../errors.ts';
import type { Manifest, ManifestSource } from '../manifest.ts';
import { sqliteObstacles } from '../put-back/sqlite-obstacles.ts';
import { changedTables } from '../restore/changed-tables.ts';
import { extractSource } from '../restore/extract.ts';
import { hashPath } from '../restore/hash-path.ts';
import { exists } from '../restore/move.ts';
import { sqliteTarget } from '../restore/sqlite-target.ts';
import { type PathTarget, SQLITE_SIDECARS } from '../restore/staged-target.ts';
import { swapFileBack, swapFileIn } from '../restore/swap-file.ts';
import { whereItLeads } from '../restore/where-it-leads.ts';
import { isSound } from '../reuse-file.ts';
import { onlyLineOf } from '../shown-manifest.ts';
import { bytePath } from '../source/byte-path.ts';
import { copySqlite } from '../source/copy-sqlite.ts';
import { checkSqliteCopy, inspectSqlite } from '../source/inspect-sqlite.ts';
import { ownerUnless } from '../stored-owner.ts';
import type { SqliteSource } from '../types.ts';
import type { Captured, CaptureJob, DataKind, Proven, StageJob } from './data-kind.ts';
import { discardFolder } from './discard-folder.ts';
import { unproven } from './unproven.ts';

const capture = async (source: SqliteSource, job: CaptureJob): Promise<Captured> => {
  const { previous } = job;
  const {
    copy,
    fingerprint,
    known,
    stat: statOf,
  } = await copySqlite({
    name: source.name,
    path: whereItLeads(source.path),
    newCopy: () => job.newCopy('sqlite'),
    findKnown: async (now) => {
      const found = await previous.unchangedDatabase(source.name, now);
      return found !== null && (await isSound(found.backup, found.file)) ? found : null;
    },
    signal: job.signal,
    onBytes: (done, total) =>
      job.onProgress?.({
        phase: 'copy',
        bytes: done,
        totalBytes: total,
        entries: 0,
        totalEntries: 1,
        entry: source.name,
      }),
  });
  const name = bytePath(basename(source.path));
  const owner = { uid: Number(statOf.uid), gid: Number(statOf.gid) };
  const item = { type: 'file', name, statOf } as const;
  if (copy === null) {
    // Its content passed integrity_check when it was copied.
    const { file, facts } = known;
    return {
      items: [{ ...item, size: file.line.size, unchanged: file }],
      diskPath: () => Buffer.from(source.path),
      owner,
      unreadable: [],
      facts: async () => {
        const { attributes: _, ...known } = facts;
        return withAttributes(
          { ...known, ...ownerUnless(null, owner) },
          await attributesOf(whereItLeads(source.path), job.signal),
        );
      },
      fingerprint,
    };
  }
  const { size } = await stat(copy);
  return {
    items: [{ ...item, size }],
    diskPath: () => Buffer.from(copy),
    owner,
    unreadable: [],
    fingerprint,
    facts: async () =>
      withAttributes(
        {
          ...(await factsOf(source, copy, size, job.signal)),
          ...ownerUnless(null, owner),
        },
        await attributesOf(whereItLeads(source.path), job.signal),
      ),
  };
};

const factsOf = async (
  { name, path }: SqliteSource,
  copy: string,
  bytes: number,
  signal: AbortSignal | undefined,
): Promise<ManifestSource> => {
  const {
    problems,
    foreignKeyViolations,
    notes,
    columns: _,
    ...facts
  } = await checkSqliteCopy(copy, bytes, path, signal);
  return {
    name,
    type: 'sqlite',
    ...facts,
    ...(foreignKeyViolations > 0 ? { foreignKeyViolations } : {}),
    ...(notes.length > 0 ? { notes: notes.map((note) => `${name}: ${note}`) } : {}),
  };
};

/** What SQLite says of a database that was extracted. */
const checkStaged = async (target: PathTarget, { backup, signal }: StageJob): Promise<void> => {
  const { files, manifest } = backup;
  const recorded = manifest.sources.find(({ name }) => name === target.name);
  const line = onlyFileOf(files, target.name)?.line;
  const facts = await checkSqliteCopy(target.staged, line?.size ?? 0, target.staged, signal);
  if (facts.foreignKeyViolations !== (recorded?.foreignKeyViolations ?? 0))
    throw new BackupError(
      'sqlite-damaged',
      `the database "${target.name}" has ${facts.foreignKeyViolations} rows whose foreign key points nowhere; ${recorded?.foreignKeyViolations ?? 0} when it was backed up`,
      { file: target.staged },
    );
};

const stage = async (target: PathTarget, job: StageJob): Promise<void> => {
  await extractSource({ ...job, target });
  const { sources } = job.backup.manifest;
  const { attributes = [] } = sources.find(({ name }) => name === target.name) ?? {};
  await giveAttributes(target.staged, attributes, job.signal);
  job.checkMeanwhile(() => checkStaged(target, job));
};

/** Path of a database's log or journal that lies beside it, if any. */
const sidecarBeside = async (path: string): Promise<string | null> => {
  for (const suffix of SQLITE_SIDECARS)
    if (await exists(path + suffix)) return basename(path + suffix);
  return null;
};

/** A database that differs has no rows to tell of. */
const differs = (problem: string): Proven => unproven(problem, {});

const proveDatabase = async (
  { name, path: named }: SqliteSource,
  manifest: Manifest,
  signal: AbortSignal | undefined,
): Promise<Proven> => {
  const path = whereItLeads(named);
  const line = onlyLineOf(manifest, name);
  const recorded = manifest.sources.find((source) => source.name === name)?.tables ?? {};
  if (line === null) return differs(`${name}: the backup holds no such database`);
  try {
    const beside = await sidecarBeside(path);
    if (beside !== null)
      return differs(
        `${name}: ${beside} lies beside it: another database's log, or someone opened it`,
      );
    const { size } = await stat(path);
    if ((await hashPath(path, signal)) !== line.sha256)
      return differs(`${line.path}: another content`);
    const { tables } = await inspectSqlite({ path, kind: 'copy', bytes: size }, signal);
    const problems = Object.keys({ ...recorded, ...tables })
      .filter((table) => recorded[table] !== tables[table])
      .map((table) => `${name}.${table}: ${tables[table]} rows, ${recorded[table]} in the backup`);
    return { problems, files: 1, bytes: size, tables };
  } catch (error) {
    if (signal?.aborted === true) throw error;
    return differs(`${name}: ${messageOf(error)}`);
  }
};

/** SQLite databases: copied while they are written, swapped with their logs. */
export const sqliteKind: DataKind<SqliteSource, PathTarget> = {
  isCapturedFirst: true,
  problems: (source) => [
    ...(isAbsolute(source.path)
      ? []
      : [`the path of the source "${source.name}" is not absolute: ${source.path}`]),
    ...('include' in source || 'exclude' in source
      ? [`the source "${source.name}" is a database: it can't have "include" or "exclude"`]
      : []),
  ],
  capture,
  obstacles: sqliteObstacles,
  target: sqliteTarget,
  stage,
  isAside: ({ previous }) => exists(previous),
  swapIn: (target, { disk }) => swapFileIn(disk, target),
  swapBack: (target, { disk }) => swapFileBack(disk, target),
  discard: ({ work }, { disk }) => discardFolder(disk, work),
  asSource: (target, which) => ({ name: target.name, type: 'sqlite', path: target[which] }),
  prove: proveDatabase,
  compare: async (source, recorded, manifest, options) => {
    const path = whereItLeads(source.path);
    const before = recorded.tables ?? {};
    const after = (await exists(path))
      ? (await inspectSqlite({ path, kind: 'live' }, options?.signal)).tables
      : {};
    const same = Object.keys(before).filter((table) => before[table] === after[table]);
    const line = onlyLineOf(manifest, source.name);
    const changed =
      options?.backup === undefined || line === null
        ? []
        : await changedTables({ path, line, tables: same, ...options, backup: options.backup });
    return { added: [], changed: [], removed: [], tables: { before, after, changed } };
  },
};
