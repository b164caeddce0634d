import { existsSync } from 'node:fs';
import { stat, statfs, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { backup } from 'node:sqlite';
import { messageOf } from '../../errors.ts';
import { openScratch } from '../../process/scratch.ts';
import { formatBytes } from '../../words/format.ts';
import { rowChange } from '../row-change.ts';
import { runnable } from '../runnable.ts';
import { MigrationError, type MigrationPlan, type TrialReport } from '../types.ts';
import { runMigrations } from './apply-migration.ts';
import { brokenReferences, integrityFindings, openToRead, rowCounts } from './database.ts';

/** Pages a step of the copy takes; between two steps a writer gets its turn. */
const pagesAStep = 1_024;

/** Copies a database that may be being written, as it was at one moment. */
const copyDatabase = async (from: string, to: string): Promise<void> => {
  const source = await openToRead(from);
  try {
    // The read transaction pins that moment; without it the copy starts over at every write.
    source.exec('BEGIN');
    source.prepare('SELECT count(*) FROM sqlite_schema').get();
    await backup(source, to, { rate: pagesAStep });
  } finally {
    source.close();
  }
};

const inspect = async (file: string) => {
  const db = await openToRead(file);
  try {
    return { rows: rowCounts(db), findings: [...integrityFindings(db), ...brokenReferences(db)] };
  } finally {
    db.close();
  }
};

/** Beside the copy itself: what its migrations write first, bytes. */
const spareBytes = 1_000_000;

/** SQLITE_FULL, as SQLite says it; ENOSPC, as the system does. */
const isFull = (error: unknown): boolean =>
  error instanceof Error &&
  (('errcode' in error && error.errcode === 13) ||
    ('code' in error && ['ENOSPC', 'EDQUOT'].includes(String(error.code))) ||
    isFull(error.cause));

const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));

const bytesOf = async (database: string): Promise<number> => {
  const sizes = [database, `${database}-wal`].map(async (file) =>
    existsSync(file) ? (await stat(file)).size : 0,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
};

const noRoom = (folder: string, needed: string, cause?: unknown): MigrationError =>
  new MigrationError(
    'no-room',
    `the migrations are tried on a copy of the database first, and ${folder} has no room for it: ${needed}. Nothing was changed; make room there, or set backup.dir to a larger disk`,
    { cause },
  );

const requireRoom = async (database: string, folder: string): Promise<void> => {
  const needed = (await bytesOf(database)) + spareBytes;
  const { bavail, bsize } = await statfs(nearestExisting(folder));
  if (bavail * bsize < needed)
    throw noRoom(
      folder,
      `it takes ${formatBytes(needed)}, ${formatBytes(bavail * bsize)} are free`,
    );
};

/** Tries a plan on a copy that lies in `folder`. */
const tryIn = async (
  folder: string,
  database: string,
  plan: MigrationPlan,
  now: () => number,
): Promise<TrialReport> => {
  const copy = join(folder, 'copy.db');
  const startedMs = performance.now();
  // SQLite would make it readable for all.
  await writeFile(copy, '', { mode: 0o600, flag: 'wx' });
  await copyDatabase(database, copy);
  const copyMs = performance.now() - startedMs;
  const { size: copyBytes } = await stat(copy);
  const before = await inspect(copy);
  const steps = await runMigrations(copy, plan, { now });
  const after = await inspect(copy);
  const known = new Set(before.findings);
  const findings = after.findings.filter((finding) => !known.has(finding));
  if (findings.length > 0)
    throw new MigrationError(
      'trial-failed',
      `on a copy of the data the migrations did damage: ${findings.slice(0, 5).join('; ')}`,
    );
  return { steps, copyMs, copyBytes, rows: rowChange(before.rows, after.rows), findings };
};

export interface TrialOptions {
  readonly now: () => number;
  /** Where the copy lies while it is needed: as safe a place for the data as that of its backups. */
  readonly scratchIn: string;
}

/**
 * Runs a plan for real on a copy of the database, which is removed again (after a kill: at the next trial); the
 * database itself and its folder are only read.
 *
 * @throws {MigrationError} as a run would; `trial-failed` where the migrated copy is damaged; `no-room`.
 */
export const tryOnCopy = async (
  database: string,
  plan: MigrationPlan,
  { now, scratchIn }: TrialOptions,
): Promise<TrialReport> => {
  runnable(plan);
  if (!existsSync(database))
    throw new MigrationError('unreadable', `there is no database ${database} to copy`);
  await requireRoom(database, scratchIn);
  try {
    const scratch = await openScratch(scratchIn);
    try {
      return await tryIn(scratch.folder, database, plan, now);
    } finally {
      await scratch.remove();
    }
  } catch (error) {
    throw isFull(error) ? noRoom(scratchIn, messageOf(error), error) : error;
  }
};
