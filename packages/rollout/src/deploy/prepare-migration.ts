import type {
  CommandMigrations,
  EnvironmentConfig,
  MigrationsConfig,
  SqlMigrations,
} from '../config/types.ts';
import type { Environment } from '../environment/environment.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { migrationDatabase } from '../migrations/migration-database.ts';
import { planMigrations } from '../migrations/plan-migrations.ts';
import { migrationName, migrationsFolder, readMigrations } from '../migrations/read-migrations.ts';
import { runnable } from '../migrations/runnable.ts';
import type { Direction, MigrationPlan } from '../migrations/types.ts';
import type { RunEvent } from '../record/events.ts';
import { surveyRuns } from '../record/runs.ts';
import { lookBefore } from './migrate-by-commands.ts';
import { downCommand, upCommand } from './migrate-data.ts';

/** What a run of migrations does, and on what. */
export interface PreparedMigration {
  readonly version: string;
  readonly direction: Direction;
  /** All that this run set out to do, whatever of it is done already. */
  readonly names: readonly string[];
  readonly migrations:
    | {
        readonly type: 'sql';
        readonly config: SqlMigrations;
        /** What is left to do. */
        readonly plan: MigrationPlan & { readonly kind: 'go' };
      }
    | {
        readonly type: 'commands';
        readonly config: CommandMigrations;
        /** Where `down` goes back to; `null`: the tool knows by itself. */
        readonly backTo: string | null;
      };
}

/** @throws RolloutError `no-migrations` where an environment declares none. */
export const declaredMigrations = ({ env, migrations }: EnvironmentConfig): MigrationsConfig => {
  if (migrations !== null) return migrations;
  throw new RolloutError('no-migrations', exitCodes.usage, `${env} declares no migrations`, {
    hints: [
      'name them in rollout.yaml: migrations: { dir: …, database: … }, or { status: …, up: … }',
    ],
  });
};

type Begun = Pick<RunEvent<'migrate.planned'>, 'direction' | 'version' | 'migrations'>;

/**
 * Reads what there is to migrate.
 *
 * @param asked release whose migrations; `null`: the active one's
 * @param begun what an earlier process of the same run set out to do; `null` for a new run
 * @throws RolloutError (exit 2), MigrationError
 */
export const prepareMigration = async (
  environment: Environment,
  direction: Direction,
  asked: string | null,
  begun: Begun | null = null,
): Promise<PreparedMigration> => {
  const { config, target: targetOf } = environment;
  const migrations = declaredMigrations(config);
  const target = targetOf({ runId: 'migrate', version: null, previous: null });
  const version =
    begun?.version ?? asked ?? (await target.current()) ?? (await target.versions())[0];
  if (version === undefined)
    throw new RolloutError(
      'no-release',
      exitCodes.usage,
      'no release is active and there is no artifact: whose migrations?',
    );
  return migrations.type === 'commands'
    ? preparedCommands(environment, { migrations, direction, version })
    : preparedFiles(migrations, { direction, version, begun });
};

const preparedFiles = async (
  config: SqlMigrations,
  {
    direction,
    version,
    begun,
  }: {
    readonly direction: Direction;
    readonly version: string;
    readonly begun: Begun | null;
  },
): Promise<PreparedMigration> => {
  const applied = await migrationDatabase(config).applied();
  // Part of it may be taken back already: where it goes back to must not move on with that.
  const kept = applied.filter((row) => begun?.migrations.includes(migrationName(row)) === false);
  const plan = runnable(
    planMigrations({
      files: await readMigrations(migrationsFolder(config, version), config.database.type),
      applied,
      direction,
      ...(begun !== null && direction === 'rollback'
        ? { to: Math.max(0, ...kept.map((row) => row.version)) }
        : {}),
    }),
  );
  const names = begun?.migrations ?? plan.steps.map(migrationName);
  return { version, direction, names, migrations: { type: 'sql', config, plan } };
};

/** What goes back is what the newest run on record applied: the books are the tool's own. */
const preparedCommands = async (
  { config: { env }, layout }: Environment,
  {
    migrations: config,
    direction,
    version,
  }: {
    readonly migrations: CommandMigrations;
    readonly direction: Direction;
    readonly version: string;
  },
): Promise<PreparedMigration> => {
  const { runs } = await surveyRuns(layout, env);
  const before = runs.map(({ events }) => lookBefore(events)).find((look) => look !== undefined);
  if (direction === 'rollback' && (config.down === null || before === undefined))
    throw new RolloutError(
      'no-way-down',
      exitCodes.usage,
      config.down === null
        ? 'migrations has no down command: only a restore of a backup takes the data back'
        : 'no run on record ran migrations.up: there is nothing to go back to',
      { hints: ['name it under migrations in rollout.yaml, or: rollback --backup FILE'] },
    );
  const backTo = direction === 'rollback' ? (before?.position ?? null) : null;
  const name = direction === 'rollback' ? downCommand : upCommand;
  return { version, direction, names: [name], migrations: { type: 'commands', config, backTo } };
};
