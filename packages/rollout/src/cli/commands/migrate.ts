import { Option } from 'commander';
import { migrate, requireMigratable, resumeMigrate } from '../../deploy/migrate.ts';
import { prepareMigration } from '../../deploy/prepare-migration.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { openEnvironment } from '../../environment/environment.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { describeTrial } from '../../migrations/describe-trial.ts';
import { migrationDatabase } from '../../migrations/migration-database.ts';
import type { Direction } from '../../migrations/types.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { requireVariables } from '../../targets/run-target-command.ts';
import { type Register, withGlobalOptions, withTakeOver } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface MigrateFlags extends GlobalOptions {
  readonly env: string;
  readonly direction: string;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly version?: string;
}

export const registerMigrate: Register = (command, run) => {
  withGlobalOptions(
    withTakeOver(
      command
        .requiredOption('--env <name>', 'environment of rollout.yaml')
        .option('--direction <direction>', 'forward or rollback', 'forward')
        .addOption(
          new Option('--resume', 'go on with migrations that were cut off').conflicts('version'),
        )
        .option('--dry-run', 'run them on a copy of the data, change nothing')
        .option(
          '--version <version>',
          "whose migrations; default: the active release's; only with --dry-run",
        ),
    ),
  ).action((flags: MigrateFlags) =>
    run(
      'migrate',
      flags,
      (context) => runMigrateCommand(context, flags),
      flags.dryRun === true ? { name: 'migrate-dryrun.log' } : null,
    ),
  );
};

const directionOf = (given: string): Direction => {
  if (given === 'forward' || given === 'rollback') return given;
  throw new RolloutError(
    'unknown-direction',
    exitCodes.usage,
    `--direction ${given}: expected forward or rollback`,
  );
};

/** Whose migrations, where it is not the active release's: only a copy of the data may see those. */
const versionOf = ({ version, dryRun }: MigrateFlags): string | null => {
  if (version === undefined) return null;
  if (dryRun === true) return askedVersion(version);
  throw new RolloutError(
    'only-a-dry-run',
    exitCodes.usage,
    '--version is only for --dry-run: the data is migrated for a release by its deploy',
    { hints: ['add --dry-run, or deploy that version'] },
  );
};

const runMigrateCommand = async (
  context: CommandContext,
  flags: MigrateFlags,
): Promise<CommandResult> => {
  const direction = directionOf(flags.direction);
  const asked = versionOf(flags);
  const environment = await openEnvironment(context, flags.env);
  requireVariables(environment.config);
  if (flags.resume === true) return resumeMigrate(context, environment);
  if (flags.dryRun !== true) await requireMigratable(context, environment);
  const prepared = await prepareMigration(environment, direction, asked);
  const { migrations, version, names } = prepared;
  const what = direction === 'forward' ? 'pending' : 'to take back';
  context.output.line(
    `migrations of release ${version} in ${environment.config.env}, ${what}: ${names.join(', ') || 'none'}`,
  );
  const fields = { version, direction, migrations: names };
  if (flags.dryRun === true) {
    if (migrations.type === 'commands')
      context.output.line(
        'what they would do is known to the tool alone; a drill tries up on a copy of the data (backup.drill)',
      );
    else if (names.length > 0) {
      const { now } = context.clock;
      const scratchIn = environment.config.backup.dir;
      const database = migrationDatabase(migrations.config);
      const trial = await database.tryOnCopy(migrations.plan, { now, scratchIn });
      context.output.line(`tried on a copy of the data: ${describeTrial(trial)}`);
      context.output.event({ type: 'trial', ...trial });
    }
    context.output.line('dry run: nothing was changed');
    return { exit: exitCodes.done, fields: { ...fields, dryRun: true } };
  }
  if (names.length === 0) return { exit: exitCodes.done, fields };
  return migrate(context, environment, direction, fields);
};
