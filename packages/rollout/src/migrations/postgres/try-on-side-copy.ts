import {
  countPostgresRows,
  type PostgresSource,
  sweepDrillDatabases,
  withPostgresCopy,
} from '@dhash/backup-core';
import { rowChange } from '../row-change.ts';
import { runnable } from '../runnable.ts';
import type { MigrationPlan, TrialReport } from '../types.ts';
import { type RunOptions, runOnPostgres } from './run-postgres.ts';

/**
 * Runs a plan for real on a copy of the database, which stands beside it on its server and is dropped again.
 *
 * @throws {MigrationError} as a run would; BackupError where no copy can be made
 */
export const tryOnSideCopy = async (
  source: PostgresSource,
  plan: MigrationPlan,
  options: RunOptions,
): Promise<TrialReport> => {
  runnable(plan);
  const { signal } = options;
  const now = options.now();
  await sweepDrillDatabases([source], { now, signal });
  const startedMs = performance.now();
  return withPostgresCopy(source, { now, signal }, async (copy) => {
    const copyMs = performance.now() - startedMs;
    const before = await countPostgresRows(copy, signal);
    const steps = await runOnPostgres(copy, plan, options);
    const after = await countPostgresRows(copy, signal);
    return { steps, copyMs, rows: rowChange(before, after), findings: [] };
  });
};
