import type { Json } from '@dhash/journal';
import type { Command, CommandMigrations } from '../config/types.ts';
import { laidRelease } from '../drill/gather-drill.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { commandVariables } from '../process/command-variables.ts';
import { runCommand, shownCommand } from '../process/run-command.ts';
import { allOf, type RecordedEvent } from '../record/events.ts';
import { requireVariables } from '../targets/run-target-command.ts';
import { outputPlace } from '../targets/state-folder.ts';
import { visible } from '../words/visible.ts';

/** Most of what a command printed that the record keeps, in characters. */
const keptOutput = 8_000;
/** Most of what an error repeats, in characters. */
const shownOutput = 2_000;
/** A position is one line, of this many characters at most: a revision, a number, a name. */
const positionPattern = /^[^\p{Cc}]{1,200}$/u;

/** For which release the tool of somebody else works. */
export interface CommandMigrationRun {
  readonly version: string;
  readonly previous: string | null;
}

type Which = 'status' | 'up' | 'down' | 'to';

const failed = (message: string): RolloutError =>
  new RolloutError('migration-failed', exitCodes.failed, message);

/** Runs one command of the tool, in the folder of the release that it comes with. */
const run = async (
  { context, environment: { config }, recorder }: OpenRun,
  migrations: CommandMigrations,
  { version, previous }: CommandMigrationRun,
  asked: { readonly which: Which; readonly command: Command; readonly to?: string },
): Promise<{ readonly output: string; readonly stdout: string }> => {
  requireVariables(config);
  const { which, command, to } = asked;
  const ended = await runCommand({
    command,
    cwd: laidRelease(config, version) ?? config.root,
    env: {
      ...config.commands.given,
      ...commandVariables(config, { runId: recorder.run, version, previous }),
      ...(to === undefined ? {} : { ROLLOUT_MIGRATE_TO: to }),
    },
    withheld: config.commands.withheld,
    log: outputPlace(config, 'migrate'),
    timeoutMs: migrations.timeoutMs,
    onOutput: (text) => context.output.detail(text.trimEnd()),
  });
  const output = visible(ended.output.trim());
  if (ended.exit === 0 && !ended.timedOut) return { output, stdout: ended.stdout };
  const how = ended.timedOut
    ? `took longer than migrations.timeout (${migrations.timeoutMs / 1000} s)`
    : ended.exit === null
      ? `was ended by ${ended.signal}`
      : `ended with exit ${ended.exit}`;
  const said = output.slice(-shownOutput);
  throw failed(
    `migrations.${which} (${shownCommand(command)}) ${how}${said === '' ? ' and printed nothing' : `:\n${said}`}`,
  );
};

const positionNow = async (
  open: OpenRun,
  migrations: CommandMigrations,
  of: CommandMigrationRun,
): Promise<string | null> => {
  if (migrations.to === null) return null;
  const { stdout } = await run(open, migrations, of, { which: 'to', command: migrations.to });
  const position = stdout.trim();
  if (positionPattern.test(position)) return position;
  throw failed(
    `migrations.to (${shownCommand(migrations.to)}) printed ${JSON.stringify(position.slice(0, 80))}: expected one line that says where the database stands`,
  );
};

/** Asks the tool how things stand, and puts what it says on the record. */
const look = async (
  open: OpenRun,
  migrations: CommandMigrations,
  of: CommandMigrationRun,
  when: 'before' | 'after' | 'undone',
): Promise<void> => {
  const { output } = await run(open, migrations, of, {
    which: 'status',
    command: migrations.status,
  });
  const position = await positionNow(open, migrations, of);
  await open.recorder.record({
    type: 'migrate.status',
    ...{ when, position },
    output: output.slice(-keptOutput),
  });
};

/** Where the database stood before this run's `up`; undefined: it had not come so far. */
export const lookBefore = (
  events: readonly RecordedEvent[],
): RecordedEvent<'migrate.status'> | undefined =>
  allOf(events, 'migrate.status').find(({ when }) => when === 'before');

/** Applies what is pending, by the tool's own books. Run again after it was cut off, it goes on with `up`. */
export const upByCommands = async (
  open: OpenRun,
  migrations: CommandMigrations,
  of: CommandMigrationRun,
): Promise<Json> => {
  if (lookBefore(open.recorder.events) === undefined) await look(open, migrations, of, 'before');
  const { output } = await run(open, migrations, of, { which: 'up', command: migrations.up });
  await look(open, migrations, of, 'after');
  return { output: output.slice(-keptOutput) };
};

/**
 * Goes back to where the database stood.
 *
 * @param to what `migrations.to` printed there; `null`: the tool was not asked
 * @throws RolloutError `migration-failed`, also where no `down` is declared
 */
export const downByCommands = async (
  open: OpenRun,
  migrations: CommandMigrations,
  of: CommandMigrationRun,
  to: string | null,
): Promise<Json> => {
  const { down } = migrations;
  if (down === null)
    throw failed(
      'migrations has no down command: only a restore of a backup takes the data back (rollback --backup FILE)',
    );
  const asked = { which: 'down', command: down, ...(to === null ? {} : { to }) } as const;
  const { output } = await run(open, migrations, of, asked);
  await look(open, migrations, of, 'undone');
  return { output: output.slice(-keptOutput) };
};
