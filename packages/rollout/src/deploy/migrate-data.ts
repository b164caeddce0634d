import { existsSync } from 'node:fs';
import type { Json } from '@dhash/journal';
import type { EnvironmentConfig, MigrationsConfig } from '../config/types.ts';
import { readApplied } from '../migrations/applied.ts';
import { runMigrations, runnable } from '../migrations/apply-migration.ts';
import { planMigrations } from '../migrations/plan-migrations.ts';
import { migrationName, migrationsFolder, readMigrations } from '../migrations/read-migrations.ts';
import { tryOnCopy } from '../migrations/try-on-copy.ts';
import type { MigrationPlan, TrialReport } from '../migrations/types.ts';
import { sweepScratch } from '../process/scratch.ts';
import { asJson } from '../record/recorder.ts';
import { formatDuration } from '../words/format.ts';
import type { DeployFacts } from './plan.ts';

const forwardPlan = async (
  config: MigrationsConfig,
  version: string,
): Promise<MigrationPlan & { kind: 'go' }> =>
  runnable(
    planMigrations({
      files: await readMigrations(migrationsFolder(config, version)),
      applied: await readApplied(config.database),
      direction: 'forward',
    }),
  );

/** What a run on a copy showed, in a line. */
export const describeTrial = ({ steps, copyMs, rows }: TrialReport): string => {
  const changed = Object.entries(rows)
    .filter(([, { before, after }]) => before !== after)
    .map(([table, { before, after }]) => `${table} ${before ?? 'new'} → ${after ?? 'gone'} rows`);
  const ran = steps.map(
    ({ version, name, ms }) => `${migrationName({ version, name })} in ${formatDuration(ms)}`,
  );
  return `${ran.join(', ')}; copied in ${formatDuration(copyMs)}; integrity and references OK${changed.length > 0 ? `; ${changed.join(', ')}` : ''}`;
};

/** What a deploy of this release would migrate; where there is data, tried on a copy of it. */
export const lookAtMigrations = async (
  config: EnvironmentConfig,
  version: string,
  now: () => number,
): Promise<DeployFacts['migrations']> => {
  if (config.migrations === null) return null;
  const plan = await forwardPlan(config.migrations, version);
  const scratchIn = config.backup.dir;
  await sweepScratch(scratchIn);
  const trial =
    plan.steps.length > 0 && existsSync(config.migrations.database)
      ? describeTrial(await tryOnCopy(config.migrations.database, plan, { now, scratchIn }))
      : null;
  return {
    pending: plan.steps.map(migrationName),
    withoutDown: plan.steps.filter(({ down }) => down === null).map(migrationName),
    online: config.migrations.online,
    trial,
  };
};

/** Applies all that is pending for a release. Safe to run again after it was cut off. */
export const migrateForward = async (
  config: EnvironmentConfig,
  version: string,
  now: () => number,
): Promise<Json> => {
  if (config.migrations === null) return null;
  const plan = await forwardPlan(config.migrations, version);
  return asJson(await runMigrations(config.migrations.database, plan, { now }));
};

/**
 * Takes back, newest first, those of `names` that are applied: what a deploy planned to apply,
 * whether its step came to its end or not.
 */
export const undoMigrations = async (
  config: EnvironmentConfig,
  version: string,
  names: readonly string[],
  now: () => number,
): Promise<void> => {
  const { migrations } = config;
  if (migrations === null || !existsSync(migrations.database)) return;
  const applied = await readApplied(migrations.database);
  const kept = applied.filter((row) => !names.includes(migrationName(row)));
  if (kept.length === applied.length) return;
  const plan = planMigrations({
    files: await readMigrations(migrationsFolder(migrations, version)),
    applied,
    direction: 'rollback',
    to: Math.max(0, ...kept.map((row) => row.version)),
  });
  await runMigrations(migrations.database, plan, { now });
};
