import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { backup } from 'node:sqlite';
import { runMigrations, runnable } from './apply-migration.ts';
import { brokenReferences, integrityFindings, openToRead, rowCounts } from './database.ts';
import { MigrationError, type MigrationPlan, type TrialReport } from './types.ts';

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

const rowChange = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): TrialReport['rows'] =>
  Object.fromEntries(
    [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((name) => name !== 'schema_migrations')
      .sort()
      .map((name) => [name, { before: before[name] ?? null, after: after[name] ?? null }]),
  );

/**
 * Runs a plan for real on a copy of the database, which is removed again; the database itself and
 * its folder are only read.
 *
 * @throws {MigrationError} as a run would; `trial-failed` where the migrated copy is damaged.
 */
export const tryOnCopy = async (
  database: string,
  plan: MigrationPlan,
  { now }: { readonly now: () => number },
): Promise<TrialReport> => {
  runnable(plan);
  if (!existsSync(database))
    throw new MigrationError('unreadable', `there is no database ${database} to copy`);
  const folder = await mkdtemp(join(tmpdir(), 'rollout-trial-'));
  try {
    const copy = join(folder, 'copy.db');
    const startedMs = performance.now();
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
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
