import { runSteps } from '@dhash/journal';
import { Option } from 'commander';
import { z } from 'zod';
import { describeTrial } from '../../deploy/migrate-data.ts';
import { migrateSteps } from '../../deploy/migrate-steps.ts';
import { undoFailureOnRecord } from '../../deploy/undo-deploy.ts';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { holding } from '../../environment/lock.ts';
import { openRun, recorderOf } from '../../environment/open-run.ts';
import { showSteps } from '../../environment/show-steps.ts';
import { exitCodes, messageOf, RolloutError } from '../../errors.ts';
import { readApplied } from '../../migrations/applied.ts';
import { runnable } from '../../migrations/apply-migration.ts';
import { planMigrations } from '../../migrations/plan-migrations.ts';
import {
  migrationName,
  migrationsFolder,
  readMigrations,
} from '../../migrations/read-migrations.ts';
import { tryOnCopy } from '../../migrations/try-on-copy.ts';
import type { Direction, MigrationPlan } from '../../migrations/types.ts';
import { currentUser } from '../../process/who.ts';
import type { Recorder } from '../../record/recorder.ts';
import { newRunId } from '../../record/run-id.ts';
import { listRuns, newestChange } from '../../record/runs.ts';
import { askedVersion } from '../../targets/asked-version.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface MigrateFlags extends GlobalOptions {
  readonly env: string;
  readonly direction: string;
  readonly dryRun?: boolean;
  readonly resume?: boolean;
  readonly version?: string;
}

export const registerMigrate: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('migrate')
      .description("run the active release's pending migrations, or take the newest one back")
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

interface Prepared {
  readonly database: string;
  readonly version: string;
  readonly plan: MigrationPlan & { readonly kind: 'go' };
  readonly names: readonly string[];
}

/** What a run set out to do, as `migrate.planned` holds it. */
const plannedSchema = z.object({
  direction: z.enum(['forward', 'rollback']),
  version: z.string(),
  migrations: z.array(z.string()),
});

type Planned = z.infer<typeof plannedSchema>;

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

/**
 * @param asked release whose migrations; `null`: the active one's
 * @param begun what an earlier process of the same run set out to do; `null` for a new run
 */
const prepare = async (
  environment: Environment,
  direction: Direction,
  asked: string | null,
  begun: Planned | null = null,
): Promise<Prepared> => {
  const { config } = environment;
  if (config.migrations === null)
    throw new RolloutError(
      'no-migrations',
      exitCodes.usage,
      `${config.env} declares no migrations`,
      {
        hints: ['name them in rollout.yaml: migrations: { dir: …, database: … }'],
      },
    );
  const target = environment.target({ runId: 'migrate', version: null, previous: null });
  const version =
    begun?.version ?? asked ?? (await target.current()) ?? (await target.versions())[0];
  if (version === undefined)
    throw new RolloutError(
      'no-release',
      exitCodes.usage,
      'no release is active and there is no artifact: whose migrations?',
    );
  const applied = await readApplied(config.migrations.database);
  // Part of it may be taken back already: where it goes back to must not move on with that.
  const kept = applied.filter((row) => begun?.migrations.includes(migrationName(row)) === false);
  const plan = runnable(
    planMigrations({
      files: await readMigrations(migrationsFolder(config.migrations, version)),
      applied,
      direction,
      ...(begun !== null && direction === 'rollback'
        ? { to: Math.max(0, ...kept.map((row) => row.version)) }
        : {}),
    }),
  );
  return {
    database: config.migrations.database,
    version,
    plan,
    names: begun?.migrations ?? plan.steps.map(migrationName),
  };
};

const runMigrateCommand = async (
  context: CommandContext,
  flags: MigrateFlags,
): Promise<CommandResult> => {
  const direction = directionOf(flags.direction);
  const asked = versionOf(flags);
  const environment = await openEnvironment(context, flags.env);
  if (flags.resume === true) return resumeMigrate(context, environment);
  const prepared = await prepare(environment, direction, asked);
  const { plan, version, database, names } = prepared;
  const what = direction === 'forward' ? 'pending' : 'to take back';
  context.output.line(
    `migrations of release ${version} in ${environment.config.env}, ${what}: ${names.join(', ') || 'none'}`,
  );
  const fields = { version, direction, migrations: names };
  if (flags.dryRun === true) {
    if (names.length > 0) {
      const trial = await tryOnCopy(database, plan, { now: context.clock.now });
      context.output.line(`tried on a copy of the data: ${describeTrial(trial)}`);
      context.output.event({ type: 'trial', ...trial });
    }
    context.output.line('dry run: nothing was changed');
    return { exit: exitCodes.done, fields: { ...fields, dryRun: true } };
  }
  if (names.length === 0) return { exit: exitCodes.done, fields };
  return migrate(context, environment, prepared, fields);
};

/** Runs the migrations as steps on a record, between a stop and a start unless they are online. */
const migrate = async (
  context: CommandContext,
  environment: Environment,
  prepared: Prepared,
  fields: Record<string, unknown>,
): Promise<CommandResult> => {
  const { config } = environment;
  const { version } = prepared;
  const run = newRunId(context.clock.now(), config.env, 'migrate');
  const target = environment.target({ runId: run, version, previous: version });
  const work = async () => {
    const recorder = await openRun(context, environment, { run, kind: 'migrate', version });
    try {
      await recorder.record({
        type: 'migrate.planned',
        direction: prepared.plan.direction,
        version,
        migrations: [...prepared.names],
      });
      return await runRecorded(context, environment, recorder, prepared, fields);
    } finally {
      await recorder.close();
    }
  };
  return holding(
    context,
    { lockFile: target.lockFile, command: 'migrate', env: config.env, run },
    work,
  );
};

/** Runs, or goes on with, the steps of a run that holds its plan. */
const runRecorded = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  prepared: Prepared,
  fields: Record<string, unknown>,
): Promise<CommandResult> => {
  const { run } = recorder;
  const { version } = prepared;
  const target = environment.target({ runId: run, version, previous: version });
  const isResumed = recorder.events.some(({ type }) => type === 'migrate.resumed');
  const steps = migrateSteps({ context, environment, target, isResumed, ...prepared });
  recorder.onEvent(showSteps(context.output));
  const outcome =
    (await undoFailureOnRecord(recorder, steps)) ??
    (await recorder.follow(runSteps(steps, recorder.events, { signal: context.signal })));
  if (outcome.kind === 'done') {
    await recorder.record({ type: 'run.closed', outcome: 'done' });
    return { exit: exitCodes.done, run, fields };
  }
  if (outcome.undone === 'all') {
    await recorder.record({
      type: 'run.closed',
      outcome: 'failed and undone',
      reason: messageOf(outcome.error),
    });
    context.output.line(`${outcome.step} failed and was undone: ${messageOf(outcome.error)}`);
    return { exit: exitCodes.failed, run, fields };
  }
  if (context.signal.aborted) throw context.signal.reason;
  const problem = outcome.undone === 'none' ? outcome.error : outcome.undone.error;
  await recorder.record({ type: 'run.stuck', problem: messageOf(problem) });
  context.output.line(
    `people are needed now: ${outcome.step} failed, and so did its undo: ${messageOf(problem)}`,
  );
  return { exit: exitCodes.rollbackNotValidated, run, fields };
};

/** Goes on with migrations whose process died: the service may stand still since then. */
const resumeMigrate = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const newest = newestChange(await listRuns(layout, config.env));
  if (newest === null || newest.state.closed || newest.state.kind !== 'migrate')
    throw new RolloutError(
      'nothing-to-resume',
      exitCodes.usage,
      `${config.env} has no migrations that were cut off`,
    );
  const { run, version } = newest.state;
  const { lockFile } = environment.target({ runId: run, version, previous: version });
  return holding(
    context,
    { lockFile, command: 'migrate --resume', env: config.env, run },
    async () => {
      const recorder = await recorderOf(context, environment, run);
      try {
        await recorder.record({ type: 'migrate.resumed', user: currentUser(context.processEnv) });
        const event = recorder.events.find(({ type }) => type === 'migrate.planned');
        if (event === undefined) {
          await recorder.record({ type: 'run.closed', outcome: 'aborted' });
          context.output.line(`run ${run} had not begun anything: it is closed`);
          return { exit: exitCodes.done, run };
        }
        const begun = plannedSchema.parse(event);
        const prepared = await prepare(environment, begun.direction, null, begun);
        return await runRecorded(context, environment, recorder, prepared, begun);
      } finally {
        await recorder.close();
      }
    },
  );
};
