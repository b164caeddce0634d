import type { Lock } from '@dhash/journal';
import { takeSample } from '@dhash/monitor';
import { explain, pollTimes } from '@dhash/quality-gates';
import { gateWarnings } from '@dhash/quality-gates/config';
import { lookLines, lookOnSamples } from '../deploy/look-at-gates.ts';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { beginRun } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { newRunId } from '../record/run-id.ts';
import { listRuns } from '../record/runs.ts';
import { refusal, situationNow } from '../takeover/require-way-out.ts';
import { formatDuration } from '../words/format.ts';
import { type Attachment, attachWatch, type WatchAct } from './attach.ts';
import { guardRun } from './guard.ts';
import type { Extension } from './watch-window.ts';

export interface WatchRequest {
  readonly resume: boolean;
  readonly extend: Extension | null;
  /** False with `--no-auto-rollback`. */
  readonly autoRollback: boolean;
}

type Attached = Exclude<Attachment, { kind: 'refused' }>;

const actOf = ({ resume, extend }: WatchRequest): WatchAct => {
  if (extend !== null) return 'monitor --extend';
  return resume ? 'monitor --resume' : 'monitor';
};

const attached = async (
  context: CommandContext,
  environment: Environment,
  asked: WatchRequest,
  lock: Lock | null = null,
): Promise<Attached> => {
  const act = actOf(asked);
  const found = await situationNow(environment, lock);
  // Who holds the lock is told by the lock. Drift is put on the record by the watch itself.
  const situation = { ...found, held: 'free' as const, drift: null };
  const attachment = attachWatch(act, {
    runs: await listRuns(environment.layout, environment.config.env),
    newest: found.newest,
    situation,
  });
  if (attachment.kind === 'refused')
    throw await refusal(context, environment, act, { ...found, ...situation });
  return attachment;
};

/** Watches the environment's open run, or what runs there, to its end, and acts on it. */
export const monitor = async (
  context: CommandContext,
  environment: Environment,
  asked: WatchRequest,
): Promise<CommandResult> => {
  const { config, layout, lockFile } = environment;
  const attachment = await attached(context, environment, asked);
  const run =
    attachment.kind === 'alone'
      ? newRunId(context.clock.now(), config.env, 'watch')
      : attachment.run.state.run;
  return holding(
    context,
    { lockFile, command: 'monitor', env: config.env, run, role: 'watch' },
    async (lock) => {
      // What was read before the lock may have changed while another command had it.
      const still = await attached(context, environment, asked, lock);
      if (still.kind !== attachment.kind || (still.kind !== 'alone' && still.run.state.run !== run))
        throw new RolloutError(
          'overtaken',
          exitCodes.busy,
          `${config.env} has changed meanwhile; start again`,
        );
      if (attachment.kind === 'alone') await openOwnRun(context, environment, run);
      else if (attachment.kind === 'resume')
        context.output.line(`going on with the watch of ${run}`);
      context.output.detail(`record: ${environment.shown(layout.run(run).journal)}`);
      return guardRun(
        context,
        environment,
        { run, lock },
        {
          autoRollback: asked.autoRollback && attachment.kind !== 'alone',
          resume: attachment.kind === 'resume',
          extend: asked.extend,
        },
      );
    },
  );
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
  await (await beginRun(context, environment, { run, kind: 'watch', version })).close();
};

/** The dry run: the plan of the watch, and one real sample. */
export const showWatch = async (
  context: CommandContext,
  environment: Environment,
  asked: WatchRequest,
): Promise<CommandResult> => {
  const { output, clock, signal } = context;
  const { config } = environment;
  const attachment = await attached(context, environment, asked);
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
    ...environment.probes({ version, policy }),
    signal,
  });
  output.line(
    `one sample now: health ${sample.health.ok === true ? 'OK' : `not OK (${sample.health.reason ?? 'no answer'})`}, ` +
      `${Object.keys(sample.metrics ?? {}).length} metrics${sample.metricsError === undefined ? '' : ` (${sample.metricsError})`}`,
  );
  const look = await lookOnSamples(context, environment, {
    policy,
    samples: [sample],
    version,
    expect: [],
  });
  for (const line of lookLines(look)) output.line(line);
  output.line('dry run: nothing was written');
  return {
    exit: exitCodes.done,
    fields: { dryRun: true, attachment: attachment.kind, polls: times.length, sample },
  };
};
