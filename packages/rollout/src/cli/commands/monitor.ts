import { takeSample } from '@dhash/monitor';
import { explain, pollTimes } from '@dhash/quality-gates';
import { gateWarnings } from '@dhash/quality-gates/config';
import type { CommandContext, CommandResult } from '../../environment/context.ts';
import { type Environment, openEnvironment } from '../../environment/environment.ts';
import { holding } from '../../environment/lock.ts';
import { openRun } from '../../environment/open-run.ts';
import { exitCodes, RolloutError } from '../../errors.ts';
import { type Attachment, attachWatch } from '../../guard/attach.ts';
import { guardRun } from '../../guard/guard.ts';
import { newRunId } from '../../record/run-id.ts';
import { listRuns } from '../../record/runs.ts';
import { formatDuration } from '../../words/format.ts';
import { type Register, withGlobalOptions } from '../register.ts';
import type { GlobalOptions } from '../run-command-line.ts';

interface MonitorFlags extends GlobalOptions {
  readonly env: string;
  readonly resume?: boolean;
  /** False with `--no-auto-rollback`. */
  readonly autoRollback: boolean;
  readonly dryRun?: boolean;
}

export const registerMonitor: Register = (program, run) => {
  withGlobalOptions(
    program
      .command('monitor')
      .description(
        "watch the environment's newest release against its gates, and act where one breaks",
      )
      .requiredOption('--env <name>', 'environment of rollout.yaml')
      .option('--resume', 'go on with a watch that was cut off')
      .option('--no-auto-rollback', 'on a broken gate alert only (exit 5)')
      .option('--dry-run', 'say what would be watched, take one sample, write nothing'),
  ).action((flags: MonitorFlags) =>
    run('monitor', flags, (context) => runMonitorCommand(context, flags)),
  );
};

type Attached = Exclude<Attachment, { kind: 'refused' }>;

const attached = async (environment: Environment, flags: MonitorFlags): Promise<Attached> => {
  const { config, layout } = environment;
  const attachment = attachWatch(await listRuns(layout, config.env), {
    resume: flags.resume === true,
    env: config.env,
  });
  if (attachment.kind === 'refused')
    throw new RolloutError('cannot-watch', attachment.exit, attachment.message, {
      hints: [attachment.hint],
    });
  return attachment;
};

const runMonitorCommand = async (
  context: CommandContext,
  flags: MonitorFlags,
): Promise<CommandResult> => {
  const environment = await openEnvironment(context, flags.env);
  const attachment = await attached(environment, flags);
  if (flags.dryRun === true) return showWatch(context, environment, attachment);
  const { config, layout } = environment;
  const run =
    attachment.kind === 'alone'
      ? newRunId(context.clock.now(), config.env, 'watch')
      : attachment.run.state.run;
  const { lockFile } = environment.target({ runId: run, version: null, previous: null });
  return holding(context, { lockFile, command: 'monitor', env: config.env, run }, async (lock) => {
    // What was read before the lock may have changed while another command had it.
    const still = await attached(environment, flags);
    if (still.kind !== attachment.kind || (still.kind !== 'alone' && still.run.state.run !== run))
      throw new RolloutError(
        'overtaken',
        exitCodes.busy,
        `${config.env} has changed meanwhile; start again`,
      );
    if (attachment.kind === 'alone') await openOwnRun(context, environment, run);
    else if (attachment.kind === 'resume') context.output.line(`going on with the watch of ${run}`);
    context.output.detail(`record: ${environment.shown(layout.run(run).journal)}`);
    return guardRun(context, environment, run, lock, {
      autoRollback: flags.autoRollback && attachment.kind !== 'alone',
      resume: attachment.kind === 'resume',
    });
  });
};

const openOwnRun = async (
  context: CommandContext,
  environment: Environment,
  run: string,
): Promise<void> => {
  const { config } = environment;
  const target = environment.target({ runId: run, version: null, previous: null });
  context.output.line(
    `no deploy of ${config.env} awaits its guard: watching what runs there; a broken gate alerts (exit 5) and nothing is rolled back`,
  );
  const version = await target.current();
  await (await openRun(context, environment, { run, kind: 'watch', version })).close();
};

/** The dry run: the plan of the watch, and one real sample. */
const showWatch = async (
  context: CommandContext,
  environment: Environment,
  attachment: Attached,
): Promise<CommandResult> => {
  const { output, clock, signal } = context;
  const { config } = environment;
  const policy = await environment.policy();
  const version =
    attachment.kind === 'alone'
      ? await environment.target({ runId: 'dry-run', version: null, previous: null }).current()
      : attachment.run.state.version;
  const times = pollTimes(policy);
  output.line(
    attachment.kind === 'alone'
      ? `would watch ${config.env} for itself: no deploy awaits its guard, so nothing would be rolled back`
      : `would ${attachment.kind === 'resume' ? 'go on with' : 'watch'} run ${attachment.run.state.run}, release ${version ?? '?'}`,
  );
  output.line(
    `${times.length} polls over ${formatDuration(policy.durationMs)}; a broken gate leads to: ${attachment.kind === 'alone' ? 'alert' : policy.onBreak}`,
  );
  for (const sentence of explain(policy)) output.line(`  ${sentence}`);
  for (const warning of gateWarnings(policy)) output.warn(warning);
  const sample = await takeSample({
    at: clock.now(),
    source: environment.metrics(),
    health: environment.health(version, { url: policy.health.control, hasSucceeded: false }),
    signal,
  });
  output.line(
    `one sample now: health ${sample.health.ok === true ? 'OK' : `not OK (${sample.health.reason ?? 'no answer'})`}, ` +
      `${Object.keys(sample.metrics ?? {}).length} metrics${sample.metricsError === undefined ? '' : ` (${sample.metricsError})`}`,
  );
  output.line('dry run: nothing was written');
  return {
    exit: exitCodes.done,
    fields: { dryRun: true, attachment: attachment.kind, polls: times.length, sample },
  };
};
