import type { Step } from '@dhash/journal';
import { runMigrations } from '../migrations/apply-migration.ts';
import type { MigrationPlan } from '../migrations/types.ts';
import { asJson } from '../record/recorder.ts';
import { setAside } from '../rollback/set-aside.ts';
import { migrateForward, undoMigrations } from './migrate-data.ts';
import { deploySteps, type StepDeps } from './steps.ts';

type Go = MigrationPlan & { readonly kind: 'go' };

/**
 * Migrations by themselves: back up, stop, migrate, start, wait for health; without stop and start
 * where they are declared online. One that fails leaves its database as it was (each runs in one
 * transaction), and the service is started again.
 */
export const migrateSteps = ({
  database,
  version,
  plan,
  names,
  ...deps
}: Omit<StepDeps, 'run'> & {
  readonly database: string;
  readonly version: string;
  /** What is left to do. */
  readonly plan: Go;
  /** All that this run set out to do, whatever of it is done already. */
  readonly names: readonly string[];
}): Step[] => {
  const { context, environment } = deps.open;
  const { now } = context.clock;
  const { config } = environment;
  const online = config.migrations?.online === true;
  const run = { runId: '', version, previous: version, newData: [], migrations: names };
  const around = (...steps: ('stop' | 'backup-stopped' | 'backup' | 'start' | 'health')[]) =>
    deploySteps(steps, { ...deps, run });
  const migrate: Step = {
    name: 'migrate',
    run: async () => asJson(await runMigrations(database, plan, { now })),
    // Of several, those before the one that failed are applied: they go back too.
    undo: async () => {
      // Online the service wrote on, and a way down may drop what it wrote.
      if (online) await setAside(deps.open, { release: version });
      if (plan.direction === 'forward') await undoMigrations(config, version, names, now);
      else await migrateForward(config, version, now);
    },
  };
  return online
    ? [...around('backup'), migrate, ...around('health')]
    : [...around('stop', 'backup-stopped'), migrate, ...around('start', 'health')];
};
