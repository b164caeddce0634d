import type { Json, Step } from '@dhash/journal';
import type { OpenRun } from '../environment/open-run.ts';
import { migrationDatabase } from '../migrations/migration-database.ts';
import type { Direction } from '../migrations/types.ts';
import { asJson } from '../record/recorder.ts';
import { setAside } from '../rollback/set-aside.ts';
import { downByCommands, upByCommands } from './migrate-by-commands.ts';
import { type MigratingRun, migrateBack, migrateUp } from './migration-work.ts';
import type { PreparedMigration } from './prepare-migration.ts';
import { deploySteps, type StepDeps } from './steps.ts';

const forwards = async (open: OpenRun, prepared: PreparedMigration): Promise<Json> => {
  const { migrations, version } = prepared;
  const { now } = open.context.clock;
  if (migrations.type === 'sql')
    return asJson(await migrationDatabase(migrations.config).run(migrations.plan, { now }));
  const of = { version, previous: version };
  return prepared.direction === 'forward'
    ? upByCommands(open, migrations.config, of)
    : downByCommands(open, migrations.config, of, migrations.backTo);
};

/** What the migrations of this run did, the other way. */
const backwards = (open: OpenRun, run: MigratingRun, direction: Direction): Promise<unknown> =>
  direction === 'forward' ? migrateBack(open, run) : migrateUp(open, run);

/**
 * Migrations by themselves: back up, stop, migrate, start, wait for health; without stop and start
 * where they are declared online. One that fails leaves its database as it was (each runs in one
 * transaction), and the service is started again.
 */
export const migrateSteps = (prepared: PreparedMigration, deps: Omit<StepDeps, 'run'>): Step[] => {
  const { version, names, direction } = prepared;
  const { config } = deps.open.environment;
  const online = config.migrations?.online === true;
  const run = { runId: '', version, previous: version, newData: [], migrations: names };
  const around = (...steps: ('stop' | 'backup-stopped' | 'backup' | 'start' | 'health')[]) =>
    deploySteps(steps, { ...deps, run });
  const migrate: Step = {
    name: 'migrate',
    run: () => forwards(deps.open, prepared),
    // Of several, those before the one that failed are applied: they go back too.
    undo: async () => {
      // Online the service wrote on, and a way down may drop what it wrote.
      if (online) await setAside(deps.open, { release: version });
      await backwards(deps.open, run, direction);
    },
  };
  return online
    ? [...around('backup'), migrate, ...around('health')]
    : [...around('stop', 'backup-stopped'), migrate, ...around('start', 'health')];
};
