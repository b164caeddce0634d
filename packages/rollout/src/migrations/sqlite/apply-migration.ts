import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from '../../errors.ts';
import { migrationName } from '../read-migrations.ts';
import { runnable } from '../runnable.ts';
import { saysNoTransaction } from '../sql/split-sql.ts';
import {
  type Direction,
  type Migration,
  MigrationError,
  type MigrationPlan,
  type MigrationReport,
} from '../types.ts';
import { appliedIn } from './applied.ts';
import { brokenReferences, openToMigrate } from './database.ts';

const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at TEXT NOT NULL)`;

const totalChanges = (db: DatabaseSync): number =>
  Number(db.prepare('SELECT total_changes() AS n').get()?.['n']);

/** Runs the SQL of one direction; what it changed stays inside the open transaction. */
const runSql = (db: DatabaseSync, migration: Migration, direction: Direction): number => {
  const sql = direction === 'forward' ? migration.up : migration.down;
  if (sql === null) throw new Error('it has no down file');
  const before = new Set(brokenReferences(db));
  const changesBefore = totalChanges(db);
  db.exec(sql);
  const changedRows = totalChanges(db) - changesBefore;
  if (!db.isTransaction) throw new Error('it ended the transaction that it ran in');
  const broken = brokenReferences(db).filter((reference) => !before.has(reference));
  if (broken.length > 0)
    throw new Error(
      `it leaves references that lead nowhere: ${broken.slice(0, 3).join('; ')}${broken.length > 3 ? `; and ${broken.length - 3} more` : ''}`,
    );
  return changedRows;
};

interface Way {
  readonly direction: Direction;
  /** Unix epoch, ms. */
  readonly at: number;
}

const keepBooks = (
  db: DatabaseSync,
  { version, name, checksum }: Migration,
  { direction, at }: Way,
): void => {
  if (direction === 'forward')
    db.prepare('INSERT INTO schema_migrations VALUES (?, ?, ?, ?)').run(
      version,
      name,
      checksum,
      new Date(at).toISOString(),
    );
  else db.prepare('DELETE FROM schema_migrations WHERE version = ?').run(version);
};

/** What can't run in a transaction: its one statement, which may be run again, and then its row. */
const applyAlone = (
  db: DatabaseSync,
  { migration, sql, direction, at }: Way & { readonly migration: Migration; readonly sql: string },
): MigrationReport | null => {
  const { version, name } = migration;
  const startedMs = performance.now();
  try {
    db.exec(table);
    const isApplied = appliedIn(db).some((row) => row.version === version);
    if (isApplied === (direction === 'forward')) return null;
    db.exec(sql);
    keepBooks(db, migration, { direction, at });
    return { version, name, direction, ms: performance.now() - startedMs, changedRows: 0 };
  } catch (cause) {
    const what = `${migrationName(migration)} ${direction === 'forward' ? 'up' : 'down'}`;
    throw new MigrationError(
      'failed',
      `${what} failed, and ran in no transaction: ${messageOf(cause)}`,
      { cause },
    );
  }
};

/**
 * Applies one migration, or takes it back, with its row of `schema_migrations`, in one transaction.
 * Running it again after it was cut off is safe: what is done already is not done twice.
 *
 * @returns null where there was nothing left to do.
 * @throws {MigrationError} `failed`: the database is as it was before this migration.
 */
export const applyMigration = (
  db: DatabaseSync,
  migration: Migration,
  { direction, at }: Way,
): MigrationReport | null => {
  const { version, name } = migration;
  const sql = direction === 'forward' ? migration.up : migration.down;
  if (sql !== null && saysNoTransaction(sql, 'sqlite'))
    return applyAlone(db, { migration, sql, direction, at });
  const startedMs = performance.now();
  try {
    // Takes the write lock at once: a migration that waits in its middle could not go on.
    db.exec('BEGIN IMMEDIATE');
    db.exec(table);
    const isApplied = appliedIn(db).some((row) => row.version === version);
    if (isApplied === (direction === 'forward')) {
      db.exec('ROLLBACK');
      return null;
    }
    const changedRows = runSql(db, migration, direction);
    keepBooks(db, migration, { direction, at });
    db.exec('COMMIT');
    return { version, name, direction, ms: performance.now() - startedMs, changedRows };
  } catch (cause) {
    // ON CONFLICT ROLLBACK and RAISE(ROLLBACK) have ended it already.
    if (db.isTransaction) db.exec('ROLLBACK');
    const what = `${migrationName(migration)} ${direction === 'forward' ? 'up' : 'down'}`;
    throw new MigrationError(
      'failed',
      `${what} failed, and its transaction was undone: ${messageOf(cause)}`,
      {
        cause,
      },
    );
  }
};

/**
 * Runs a plan on a database, one transaction a migration.
 *
 * @throws {MigrationError} `refused` where the plan is none, `failed` at the first that fails: those before it stay.
 */
export const runMigrations = async (
  database: string,
  plan: MigrationPlan,
  {
    now,
    onStep,
  }: { readonly now: () => number; readonly onStep?: (report: MigrationReport) => void },
): Promise<MigrationReport[]> => {
  const { direction, steps } = runnable(plan);
  const db = openToMigrate(database);
  const reports: MigrationReport[] = [];
  try {
    for (const migration of steps) {
      const report = applyMigration(db, migration, { direction, at: now() });
      if (report === null) continue;
      reports.push(report);
      onStep?.(report);
    }
  } finally {
    db.close();
  }
  return reports;
};
