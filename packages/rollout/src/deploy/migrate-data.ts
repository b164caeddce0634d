import type { Json } from '@dhash/journal';
import type { EnvironmentConfig, SqlMigrations } from '../config/types.ts';
import { describeTrial } from '../migrations/describe-trial.ts';
import { migrationDatabase } from '../migrations/migration-database.ts';
import { planMigrations } from '../migrations/plan-migrations.ts';
import { migrationName, migrationsFolder, readMigrations } from '../migrations/read-migrations.ts';
import { runnable } from '../migrations/runnable.ts';
import type { MigrationPlan } from '../migrations/types.ts';
import { asJson } from '../record/recorder.ts';
import type { DeployFacts } from './plan.ts';

const filesOf = (config: SqlMigrations, version: string) =>
  readMigrations(migrationsFolder(config, version), config.database.type);

const forwardPlan = async (
  config: SqlMigrations,
  version: string,
): Promise<MigrationPlan & { kind: 'go' }> =>
  runnable(
    planMigrations({
      files: await filesOf(config, version),
      applied: await migrationDatabase(config).applied(),
      direction: 'forward',
    }),
  );

/** What stands for the pending migrations of a tool that tells them to people only. */
export const upCommand = 'the up command';
export const downCommand = 'the down command';

/** What a deploy of this release would migrate; where there is data, tried on a copy of it. */
export const lookAtMigrations = async (
  { migrations, backup }: EnvironmentConfig,
  version: string,
  now: () => number,
): Promise<DeployFacts['migrations']> => {
  if (migrations === null) return null;
  const { online } = migrations;
  if (migrations.type === 'commands')
    return {
      pending: [upCommand],
      withoutDown: migrations.down === null ? [upCommand] : [],
      online,
      trial: null,
    };
  const plan = await forwardPlan(migrations, version);
  const database = migrationDatabase(migrations);
  const trial =
    plan.steps.length > 0 && database.hasData()
      ? await database.tryOnCopy(plan, { now, scratchIn: backup.dir })
      : null;
  return {
    pending: plan.steps.map(migrationName),
    withoutDown: plan.steps.filter(({ down }) => down === null).map(migrationName),
    online,
    trial: trial === null ? null : describeTrial(trial),
    trialMs: trial === null ? null : trial.steps.reduce((sum, { ms }) => sum + ms, 0),
  };
};

/** Applies all that is pending for a release. Safe to run again after it was cut off. */
export const migrateForward = async (
  config: SqlMigrations,
  version: string,
  now: () => number,
): Promise<Json> =>
  asJson(await migrationDatabase(config).run(await forwardPlan(config, version), { now }));

/**
 * Takes back, newest first, those of `names` that are applied: what a deploy planned to apply,
 * whether its step came to its end or not.
 */
export const undoMigrations = async (
  config: SqlMigrations,
  version: string,
  names: readonly string[],
  now: () => number,
): Promise<void> => {
  const database = migrationDatabase(config);
  if (!database.hasData()) return;
  const applied = await database.applied();
  const kept = applied.filter((row) => !names.includes(migrationName(row)));
  if (kept.length === applied.length) return;
  const plan = planMigrations({
    files: await filesOf(config, version),
    applied,
    direction: 'rollback',
    to: Math.max(0, ...kept.map((row) => row.version)),
  });
  await database.run(plan, { now });
};
