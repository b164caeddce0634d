import type { EnvironmentConfig, SqlMigrations } from '../config/types.ts';
import type { CommandContext } from '../environment/context.ts';
import { isRolloutError, messageOf } from '../errors.ts';
import { migrationDatabase } from '../migrations/migration-database.ts';
import { planMigrations } from '../migrations/plan-migrations.ts';
import { migrationsFolder, readMigrations } from '../migrations/read-migrations.ts';
import { runnable } from '../migrations/runnable.ts';
import { MigrationError } from '../migrations/types.ts';
import type { WayBackAnswer } from '../record/way-back.ts';
import { drillService, type Phase, type ServiceDrill } from './started-service.ts';

/** The database of the migrations, as it was restored. */
const copyOf = (
  { database }: SqlMigrations,
  restored: ServiceDrill['restored'],
): SqlMigrations['database'] | null => {
  const at = restored.find(({ name }) => name === database.name)?.at;
  if (at === undefined) return null;
  if (database.type === 'sqlite') return { ...database, path: at };
  const { database: _, ...source } = database;
  return { ...source, url: at };
};

/** Runs what the newer release migrates on the drilled copy of the database. */
const migrateCopy = async (
  { migrations }: EnvironmentConfig,
  { restored }: Pick<ServiceDrill, 'restored'>,
  over: string,
  now: () => number,
): Promise<string> => {
  if (migrations?.type !== 'sql') return 'no SQL of ours';
  const copy = copyOf(migrations, restored);
  if (copy === null) return 'the database is not among what was restored';
  const onCopy = { ...migrations, database: copy };
  const database = migrationDatabase(onCopy);
  const plan = runnable(
    planMigrations({
      files: await readMigrations(migrationsFolder(onCopy, over), copy.type),
      applied: await database.applied(),
      direction: 'forward',
    }),
  );
  const reports = await database.run(plan, { now });
  return `${reports.length} applied`;
};

/** Faults that are an answer: a release, or its migrations, did not do on the copy what they should. */
const isAnswer = (error: unknown): boolean =>
  error instanceof MigrationError ||
  (isRolloutError(error) && ['drill-failed', 'drill-no-release'].includes(error.code));

const firstLine = (error: unknown): string => messageOf(error).split('\n', 1)[0] ?? '';

/**
 * Takes the drilled copy through what a newer release does to it (the migrations of this tool, then that release's own
 * start) and starts the drilled release on it again: then it is known whether a rollback needs the data of the backup.
 * Whatever comes out says nothing of the backup.
 */
export const drillWayBack = async (
  context: CommandContext,
  drill: ServiceDrill,
  over: string,
  phase: Phase,
): Promise<WayBackAnswer> => {
  const { release, config } = drill;
  const told = (answer: WayBackAnswer['answer'], why: string): WayBackAnswer => ({
    ...{ answer, release, over, why },
  });
  const named: Phase = (name, work) => phase(`way back: ${name}`, work);
  try {
    await named(`migrate to ${over}`, () => migrateCopy(config, drill, over, context.clock.now));
    await drillService(context, { ...drill, release: over, withSmoke: false }, (name, work) =>
      named(`${name} ${over}`, work),
    );
  } catch (error) {
    if (!isAnswer(error) || context.signal.aborted) throw error;
    return told('unknown', `${over} did not run on the copy: ${firstLine(error)}`);
  }
  try {
    await drillService(context, drill, (name, work) => named(`${name} ${release} again`, work));
    return told('proven', '');
  } catch (error) {
    if (!isAnswer(error) || context.signal.aborted) throw error;
    return told('costs', firstLine(error));
  }
};
