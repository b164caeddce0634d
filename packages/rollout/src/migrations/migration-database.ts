import { existsSync } from 'node:fs';
import type { SqlMigrations } from '../config/types.ts';
import { sweepScratch } from '../process/scratch.ts';
import { appliedToPostgres, runOnPostgres } from './postgres/run-postgres.ts';
import { tryOnSideCopy } from './postgres/try-on-side-copy.ts';
import { readApplied } from './sqlite/applied.ts';
import { runMigrations } from './sqlite/apply-migration.ts';
import { tryOnCopy } from './sqlite/try-on-copy.ts';
import type { AppliedMigration, MigrationPlan, MigrationReport, TrialReport } from './types.ts';

export interface MigrationRun {
  readonly now: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** A database that SQL files are applied to. */
export interface MigrationDatabase {
  /** Whether there is data to try a plan on. */
  readonly hasData: () => boolean;
  /** What it says was applied to it, by version. Changes nothing. */
  readonly applied: () => Promise<AppliedMigration[]>;
  /** @throws {MigrationError} `refused`, or `failed` at the first that fails: those before it stay */
  readonly run: (plan: MigrationPlan, options: MigrationRun) => Promise<MigrationReport[]>;
  /** @param scratchIn folder for a copy that is a file: as safe a place for the data as that of its backups */
  readonly tryOnCopy: (
    plan: MigrationPlan,
    options: MigrationRun & { readonly scratchIn: string },
  ) => Promise<TrialReport>;
}

export const migrationDatabase = ({
  database,
  lockTimeoutMs,
}: Pick<SqlMigrations, 'database' | 'lockTimeoutMs'>): MigrationDatabase => {
  if (database.type === 'postgres')
    return {
      // Its server made it before a first deploy.
      hasData: () => true,
      applied: () => appliedToPostgres(database),
      run: (plan, options) => runOnPostgres(database, plan, { ...options, lockTimeoutMs }),
      tryOnCopy: (plan, options) => tryOnSideCopy(database, plan, { ...options, lockTimeoutMs }),
    };
  const { path } = database;
  return {
    hasData: () => existsSync(path),
    applied: () => readApplied(path),
    run: (plan, options) => runMigrations(path, plan, options),
    tryOnCopy: async (plan, options) => {
      await sweepScratch(options.scratchIn);
      return tryOnCopy(path, plan, options);
    },
  };
};
