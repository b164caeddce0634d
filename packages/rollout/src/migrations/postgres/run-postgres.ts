import { isBackupError, type PostgresSource, runPostgresScript } from '@dhash/backup-core';
import { migrationName } from '../read-migrations.ts';
import { runnable } from '../runnable.ts';
import { saysNoTransaction, splitSql } from '../sql/split-sql.ts';
import {
  type AppliedMigration,
  type Direction,
  type Migration,
  MigrationError,
  type MigrationPlan,
  type MigrationReport,
} from '../types.ts';
import { readSaid, statementCutOff } from './read-said.ts';
import { type ScriptOptions, scriptOf } from './script.ts';

export interface RunOptions extends Pick<ScriptOptions, 'lockTimeoutMs'> {
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

const appliedSql = `\\set ON_ERROR_STOP on
SELECT to_regclass('schema_migrations') IS NOT NULL AS made \\gset
\\if :made
SELECT json_build_object('version', version, 'name', name, 'checksum', checksum,
  'appliedAt', to_char(applied_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) FROM schema_migrations ORDER BY version;
\\endif
`;

/** What a database says was applied to it, by version. @throws BackupError `command-failed`, `server-lost` */
export const appliedToPostgres = async (source: PostgresSource): Promise<AppliedMigration[]> => {
  const rows: AppliedMigration[] = [];
  await runPostgresScript(source, appliedSql, {
    onLine: (line) => rows.push(JSON.parse(line) as AppliedMigration),
  });
  return rows;
};

const hintFor = (said: string): string =>
  said.includes('lock timeout')
    ? '. Somebody else held a lock on what it changes for longer than migrations.lockTimeout: find who (pg_stat_activity), or give it longer'
    : '';

const failed = (
  migration: Migration,
  direction: Direction,
  { lines, cause }: { readonly lines: readonly string[]; readonly cause: Error },
): MigrationError => {
  const sql = (direction === 'forward' ? migration.up : migration.down) ?? '';
  const alone = saysNoTransaction(sql, 'postgres');
  const at = statementCutOff(lines, splitSql(sql, 'postgres').statements);
  const what = `${migrationName(migration)} ${direction === 'forward' ? 'up' : 'down'}`;
  const undone = alone
    ? 'and ran in no transaction: look at what it left before it runs again'
    : 'and its transaction was undone';
  const where = at === null ? '' : ` at line ${at.line} (${at.text.split('\n', 1)[0]})`;
  return new MigrationError(
    'failed',
    `${what} failed${where}, ${undone}: ${cause.message}${hintFor(cause.message)}`,
    { cause },
  );
};

/**
 * Applies one migration, or takes it back; safe to run again after it was cut off.
 *
 * @returns null where there was nothing left to do
 * @throws {MigrationError} `failed`
 */
const applyToPostgres = async (
  source: PostgresSource,
  migration: Migration,
  direction: Direction,
  { now, lockTimeoutMs, signal }: RunOptions,
): Promise<MigrationReport | null> => {
  const { version, name } = migration;
  const sql = direction === 'forward' ? migration.up : migration.down;
  const { statements } = splitSql(sql ?? '', 'postgres');
  const startedMs = performance.now();
  const lines: string[] = [];
  try {
    const script = scriptOf(migration, { direction, at: now(), lockTimeoutMs });
    await runPostgresScript(source, script, { signal, onLine: (line) => lines.push(line) });
  } catch (cause) {
    if (!isBackupError(cause) || cause.code !== 'command-failed') throw cause;
    throw failed(migration, direction, { lines, cause });
  }
  const read = readSaid(lines, statements);
  if (read.isDone) return null;
  const [invalid] = read.invalidIndexes;
  if (invalid !== undefined)
    throw failed(migration, direction, {
      lines,
      cause: new Error(`it left the index ${invalid} invalid: drop it, and run this again`),
    });
  const ms = performance.now() - startedMs;
  const { changedRows, statements: told } = read;
  return { version, name, direction, ms, changedRows, statements: told };
};

/**
 * Runs a plan on a database.
 *
 * @throws {MigrationError} `refused` where the plan is none, `failed` at the first that fails: those before it stay.
 */
export const runOnPostgres = async (
  source: PostgresSource,
  plan: MigrationPlan,
  options: RunOptions,
): Promise<MigrationReport[]> => {
  const { direction, steps } = runnable(plan);
  const reports: MigrationReport[] = [];
  for (const migration of steps) {
    const report = await applyToPostgres(source, migration, direction, options);
    if (report !== null) reports.push(report);
  }
  return reports;
};
