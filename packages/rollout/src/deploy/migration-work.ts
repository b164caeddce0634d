import type { Json } from '@dhash/journal';
import type { OpenRun } from '../environment/open-run.ts';
import { downByCommands, lookBefore, upByCommands } from './migrate-by-commands.ts';
import { migrateForward, undoMigrations } from './migrate-data.ts';

/** Release and migrations of a run that migrates. */
export interface MigratingRun {
  readonly version: string;
  readonly previous: string | null;
  /** Names of the migrations that were pending. */
  readonly migrations: readonly string[];
}

/** Applies what a release needs, by files or by commands. Safe to run again after it was cut off. */
export const migrateUp = async (
  open: OpenRun,
  { version, previous }: MigratingRun,
): Promise<Json> => {
  const { context, environment } = open;
  const { migrations } = environment.config;
  if (migrations === null) return null;
  return migrations.type === 'sql'
    ? migrateForward(migrations, version, context.clock.now)
    : upByCommands(open, migrations, { version, previous });
};

/** Takes back what this run applied, whether its step came to its end or not. */
export const migrateBack = async (
  open: OpenRun,
  { version, previous, migrations: names }: MigratingRun,
): Promise<void> => {
  const { context, environment, recorder } = open;
  const { migrations } = environment.config;
  if (migrations === null) return;
  if (migrations.type === 'sql')
    return undoMigrations(migrations, version, names, context.clock.now);
  const before = lookBefore(recorder.events);
  // Nothing was run before that was on record.
  if (before === undefined) return;
  await downByCommands(open, migrations, { version, previous }, before.position);
};
