import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { surveyBackups } from '@dhash/backup-core';
import { type Lock, runSteps } from '@dhash/journal';
import { takeSample } from '@dhash/monitor';
import type { PolledSample } from '@dhash/quality-gates';
import { backupRoom, checkRoom } from '../backup/backup-room.ts';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { tellWhereLeftDown } from '../environment/left-down.ts';
import { type HeldLock, holding } from '../environment/lock.ts';
import { beginRun, closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { untilSafePoint } from '../environment/safe-point.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { requireNotFrozen } from '../freeze/freeze.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { lastOf } from '../record/events.ts';
import { asJson } from '../record/recorder.ts';
import { beginsAfter, newRunId } from '../record/run-id.ts';
import { mayDo } from '../record/ways-out.ts';
import { driftOf } from '../takeover/drift.ts';
import { refusal, situationNow } from '../takeover/require-way-out.ts';
import { gatherDeploy, judgeRunning } from './gather.ts';
import { type DeployFacts, type DeployOptions, type DeployPlan, planDeploy } from './plan.ts';
import { type PlannedRun, plannedRun } from './planned-run.ts';
import { recordedSteps } from './recorded-steps.ts';
import { failureOnRecord, takeBack } from './take-back.ts';

type Go = Extract<DeployPlan, { kind: 'go' }>;

/** A deploy that may go: its facts, its plan, and what the gates saw of the release that runs. */
export interface PreparedDeploy {
  readonly facts: DeployFacts;
  readonly baseline: readonly PolledSample[];
  readonly plan: Go;
}

/** Gathers and plans; throws the refusal, with its hints, where the deploy may not go. */
export const prepareDeploy = async (
  context: CommandContext,
  environment: Environment,
  asked: DeployOptions & { readonly version: string | null },
): Promise<PreparedDeploy> => {
  await requireNoOpenRun(context, environment, asked);
  const gathered = await gatherDeploy(context, environment, { version: asked.version });
  await requireRoom(context, environment, orThrow(planDeploy(gathered.facts, asked)));
  const judged = await judgeRunning(context, environment, gathered, asked.expect);
  const { baseline, alreadyBroken, blind } = judged;
  for (const line of judged.lines) context.output.line(line);
  const facts = { ...gathered.facts, alreadyBroken, blind };
  return { facts, baseline, plan: orThrow(planDeploy(facts, asked)) };
};

/** A second deploy would lose the way back of the first. Asked before anything else is looked at, and under the lock. */
const requireNoOpenRun = async (
  context: CommandContext,
  environment: Environment,
  { supersede }: DeployOptions,
  lock: Lock | null = null,
): Promise<void> => {
  const act = supersede ? 'deploy --supersede' : 'deploy';
  await requireNotFrozen(context, environment);
  const situation = await situationNow(environment, lock);
  // Who holds the lock is told by the lock; a dry run needs none.
  if (!mayDo(act, { ...situation, held: 'free' }).go)
    throw await refusal(context, environment, act, { ...situation, held: 'free' });
};

/** Before anything stops: the second backup of a deploy is taken while the service is down. */
const requireRoom = async (
  { signal }: CommandContext,
  { config }: Environment,
  { first, steps }: Go,
): Promise<void> => {
  const backups = steps.filter((step) => step.startsWith('backup')).length;
  // Before a first deploy there is no data whose size could be looked up.
  if (first || backups === 0) return;
  const { service, env, backup } = config;
  const { dir, maxShrink } = backup;
  const earlier = await surveyBackups(dir, { service, env, maxShrink });
  checkRoom(await backupRoom(config, earlier, { signal, backups }), config);
};

const orThrow = (plan: DeployPlan): Go => {
  if (plan.kind === 'go') return plan;
  throw new RolloutError(plan.code, plan.exit, plan.message, { hints: plan.hints });
};

/** A deploy that reached its guard holds the lock still, so that a watch can follow without a gap. */
export type AfterDeploy = (open: OpenRun) => Promise<CommandResult>;

const saveBaseline = async (file: string, samples: readonly PolledSample[]): Promise<void> => {
  if (samples.length === 0) return;
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const lines = samples.map((sample) => JSON.stringify({ format: 1, ...sample }));
  await appendFile(file, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' });
};

/** Deploys as planned, under the lock; `after` goes on with it (a watch), else the run awaits its guard. */
export const deploy = async (
  context: CommandContext,
  environment: Environment,
  { facts, baseline, plan }: PreparedDeploy,
  options: DeployOptions,
  after: AfterDeploy | null,
): Promise<CommandResult> => {
  const { config, layout, lockFile } = environment;
  const begins = beginsAfter(context.clock.now(), facts.newest?.run ?? null);
  const run = newRunId(begins, config.env, 'deploy');
  return holding(
    context,
    { lockFile, command: 'deploy', env: config.env, run, role: 'change' },
    async (lock) => {
      await requireAsPlanned(context, environment, { facts, plan, options, lock });
      if (plan.supersedes !== null)
        await supersede(context, environment, { lock, run: plan.supersedes, by: run });
      const { version } = plan;
      const recorder = await beginRun(context, environment, { run, kind: 'deploy', version });
      return workOnRun(context, environment, { lock, recorder }, async (open) => {
        await recorder.record({
          type: 'deploy.planned',
          ...plannedRun(plan, facts),
          options: asJson(options),
          sentences: [...plan.sentences],
        });
        await saveBaseline(layout.run(run).baseline, baseline);
        return runDeploy(open, after);
      });
    },
  );
};

/** What was read before the lock may have changed while another command had it. */
const requireAsPlanned = async (
  context: CommandContext,
  environment: Environment,
  {
    facts,
    plan,
    options,
    lock,
  }: {
    readonly facts: DeployFacts;
    readonly plan: Go;
    readonly options: DeployOptions;
    readonly lock: Lock;
  },
): Promise<void> => {
  await requireNoOpenRun(context, environment, options, lock);
  const { state } = await situationNow(environment, lock);
  const active = await environment
    .target({ runId: 'preflight', version: plan.version, previous: plan.previous })
    .current();
  const meanwhile =
    (state?.run ?? null) !== (facts.newest?.run ?? null)
      ? `run ${state?.run} began meanwhile`
      : active !== plan.previous
        ? `release ${active ?? '(none)'} is active now; it was planned over ${plan.previous ?? '(none)'}`
        : null;
  if (meanwhile !== null)
    throw new RolloutError('overtaken', exitCodes.busy, meanwhile, {
      hints: ['deploy again: it will plan from how things are now'],
    });
};

const supersede = async (
  context: CommandContext,
  environment: Environment,
  { lock, run, by }: { readonly lock: HeldLock; readonly run: string; readonly by: string },
): Promise<void> => {
  const recorder = await recorderOf(context, environment, run);
  await workOnRun(context, environment, { lock, recorder }, (open) =>
    closeRun(open, {
      outcome: 'superseded',
      reason: `by ${by}`,
      user: currentUser(context.processEnv),
    }),
  );
};

/** Runs, or goes on with, the steps that a run's record says were planned. */
export const runDeploy = async (
  open: OpenRun,
  after: AfterDeploy | null,
): Promise<CommandResult> => {
  const { recorder } = open;
  const { planned, steps } = recordedSteps(open);
  const earlier = failureOnRecord(recorder.events);
  if (earlier !== null) return takeBack(open, earlier);
  const safe = untilSafePoint(open);
  try {
    const outcome = await recorder.follow(
      runSteps(steps, recorder.past, { signal: safe.signal, onFailure: 'stop' }),
    );
    if (outcome.kind === 'failed') {
      if (safe.signal.aborted) return await interrupted(open, outcome.step);
      return await takeBack(open, { step: outcome.step, error: messageOf(outcome.error) });
    }
  } finally {
    safe.dispose();
  }
  await requireStillActive(open, planned);
  try {
    await sampleActivation(open, planned.version);
  } catch (error) {
    if (!open.context.signal.aborted) throw error;
    return interrupted(open, 'it awaits its guard');
  }
  await recorder.record({ type: 'deploy.awaiting-guard', version: planned.version });
  if (after !== null) return after(open);
  return awaitsGuard(open, planned.version);
};

/**
 * Steps of an earlier process may be long ago: somebody can have made another switch since.
 *
 * @throws RolloutError `drift` (exit 5)
 */
const requireStillActive = async (
  { context, environment, recorder }: OpenRun,
  planned: PlannedRun,
): Promise<void> => {
  if (lastOf(recorder.events, 'deploy.resumed') === undefined) return;
  const active = await environment.target({ runId: recorder.run, ...planned }).current();
  const drift = driftOf(active, planned);
  if (drift === null) return;
  throw new RolloutError('drift', exitCodes.brokenNotRolledBack, `${drift}; nothing is undone`, {
    hints: [
      `${commandHint(context, `status --env ${environment.config.env}`)}   says what can be typed`,
    ],
  });
};

const interrupted = async (open: OpenRun, step: string): Promise<never> => {
  const { context, environment } = open;
  const resume = `deploy --env ${environment.config.env} --resume`;
  const isDown = await tellWhereLeftDown(open, { command: resume, doing: 'the deploy' });
  if (!isDown)
    context.output.line(
      `stopped before ${step}: ${commandHint(context, resume)} goes on, --abort undoes`,
    );
  throw context.signal.reason;
};

/** Counters of the watch start from here: what the release did before its first poll counts too. */
const sampleActivation = async (
  { context, environment, recorder }: OpenRun,
  version: string,
): Promise<void> => {
  const activation = await takeSample({
    at: context.clock.now(),
    ...environment.probes({ version, policy: await environment.policy() }),
    signal: context.signal,
  });
  await recorder.record({ type: 'activation.sampled', sample: asJson(activation) });
};

const awaitsGuard = async (
  { context, environment, recorder, announcer }: OpenRun,
  version: string,
): Promise<CommandResult> => {
  await announcer.settle();
  context.output.line(
    `release ${version} is live and healthy, and not yet trusted: run ${recorder.run} awaits its guard`,
  );
  context.output.line(`next: ${commandHint(context, `monitor --env ${environment.config.env}`)}`);
  return { exit: exitCodes.done, run: recorder.run, fields: { version } };
};
