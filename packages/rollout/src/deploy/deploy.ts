import { existsSync } from 'node:fs';
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Lock, runSteps, type StepsOutcome, undoSteps } from '@dhash/journal';
import { takeSample } from '@dhash/monitor';
import type { PolledSample } from '@dhash/quality-gates';
import { type ExitCode, exitCodes, messageOf, RolloutError } from '../errors.ts';
import { openAnnouncer } from '../operate/announcer.ts';
import { type CommandContext, type CommandResult, commandHint } from '../operate/context.ts';
import type { Environment } from '../operate/environment.ts';
import { holding } from '../operate/holding.ts';
import { waitUntilHealthy } from '../operate/service-checks.ts';
import { showSteps } from '../operate/show-steps.ts';
import { currentHost, currentUser } from '../operate/who.ts';
import { asJson, openRecorder, type Recorder } from '../record/recorder.ts';
import { newRunId } from '../record/run-id.ts';
import { listRuns, newestChange } from '../record/runs.ts';
import { tool } from '../tool.ts';
import { closeOver } from './close-over.ts';
import { type GatheredDeploy, gatherDeploy } from './gather.ts';
import { type DeployOptions, type DeployPlan, planDeploy } from './plan.ts';
import { type PlannedRun, parsePlannedRun, plannedRun } from './planned-run.ts';
import { deploySteps } from './steps.ts';

type Go = Extract<DeployPlan, { kind: 'go' }>;

/** Gathers and plans; throws the refusal, with its hints, where the deploy may not go. */
export const prepareDeploy = async (
  context: CommandContext,
  environment: Environment,
  asked: DeployOptions & { readonly version: string | null },
): Promise<{ gathered: GatheredDeploy; plan: Go }> => {
  const gathered = await gatherDeploy(context, environment, {
    version: asked.version,
    clock: context.clock,
  });
  const plan = planDeploy(gathered.facts, asked);
  if (plan.kind === 'refused')
    throw new RolloutError(plan.code, plan.exit, plan.message, { hints: plan.hints });
  return { gathered, plan };
};

/** A deploy that reached its guard holds the lock still, so that a watch can follow without a gap. */
export type AfterDeploy = (run: string, lock: Lock) => Promise<CommandResult>;

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
  { gathered, plan }: { gathered: GatheredDeploy; plan: Go },
  options: DeployOptions,
  after: AfterDeploy | null,
): Promise<CommandResult> => {
  const { config, layout } = environment;
  const runId = newRunId(context.clock.now(), config.env, 'deploy');
  const { lockFile } = environment.target({
    runId,
    version: plan.version,
    previous: plan.previous,
  });
  return holding(
    context,
    { lockFile, command: 'deploy', env: config.env, run: runId },
    async (lock) => {
      const newest = newestChange(await listRuns(layout, config.env));
      if ((newest?.state.run ?? null) !== (gathered.facts.newest?.run ?? null))
        throw new RolloutError(
          'overtaken',
          exitCodes.busy,
          `run ${newest?.state.run} began meanwhile`,
          {
            hints: ['deploy again: it will plan from how things are now'],
          },
        );
      if (plan.supersedes !== null)
        await closeOver(context, environment, plan.supersedes, 'superseded', `by ${runId}`);
      const recorder = await openRecorder(layout, runId, { now: context.clock.now });
      try {
        await recorder.record({
          type: 'run.opened',
          kind: 'deploy',
          env: config.env,
          service: config.service,
          version: plan.version,
          tool: asJson(tool),
          user: currentUser(context.processEnv),
          host: currentHost(),
        });
        await recorder.record({
          type: 'deploy.planned',
          ...plannedRun(plan, gathered.facts),
          options: asJson(options),
          sentences: [...plan.sentences],
        });
        await saveBaseline(layout.run(runId).baseline, gathered.baseline);
        return await runDeploy(context, environment, recorder, lock, after);
      } finally {
        await recorder.close();
      }
    },
  );
};

/** Runs, or goes on with, the steps that a run's record says were planned. */
export const runDeploy = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  lock: Lock,
  after: AfterDeploy | null,
): Promise<CommandResult> => {
  const planned = recordedPlan(recorder);
  const announcer = openAnnouncer(context, environment, recorder);
  recorder.onEvent(showSteps(context.output));
  const variables = { version: planned.version, previous: planned.previous ?? '' };
  announcer.announce('deploy-started', variables);
  const target = environment.target({ runId: recorder.run, ...planned });
  const steps = deploySteps(planned.steps, {
    context,
    environment,
    target,
    run: { runId: recorder.run, ...planned },
  });
  const outcome = await recorder.follow(
    runSteps(steps, recorder.events, { signal: context.signal, onFailure: 'undo' }),
  );
  if (outcome.kind === 'failed') {
    if (context.signal.aborted && outcome.undone === 'none') throw context.signal.reason;
    const result = await afterUndo(context, environment, recorder, planned, outcome);
    announcer.announce('deploy-failed', {
      ...variables,
      reason: messageOf(outcome.error),
      step: outcome.step,
    });
    await announcer.settle();
    if (result.exit === exitCodes.failed)
      await recorder.record({
        type: 'run.closed',
        outcome: 'failed and undone',
        reason: messageOf(outcome.error),
      });
    return result;
  }
  const activation = await takeSample({
    at: context.clock.now(),
    source: environment.metrics(),
    health: environment.health(planned.version),
    signal: context.signal,
  });
  await recorder.record({ type: 'activation.sampled', sample: asJson(activation) });
  await recorder.record({ type: 'deploy.awaiting-guard', version: planned.version });
  announcer.announce('deploy-done', variables);
  await announcer.settle();
  if (after !== null) {
    await recorder.close();
    return after(recorder.run, lock);
  }
  context.output.line(
    `release ${planned.version} is live and healthy, and not yet trusted: run ${recorder.run} awaits its guard`,
  );
  context.output.line(`next: ${commandHint(context, `monitor --env ${environment.config.env}`)}`);
  return { exit: exitCodes.done, run: recorder.run, fields: { version: planned.version } };
};

const recordedPlan = (recorder: Recorder): PlannedRun => {
  const event = recorder.events.find(({ type }) => type === 'deploy.planned');
  if (event === undefined)
    throw new RolloutError(
      'nothing-planned',
      exitCodes.usage,
      `run ${recorder.run} was cut off before it had planned anything`,
      { hints: ['close it: npx dhash-rollout deploy --env ENV --abort'] },
    );
  return parsePlannedRun(event);
};

/** After an undo, looks whether the environment really is as it was before, and says so on the record. */
const afterUndo = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  planned: PlannedRun,
  outcome: Extract<StepsOutcome, { kind: 'failed' }>,
): Promise<CommandResult> => {
  const { output } = context;
  output.line(`${outcome.step} failed: ${messageOf(outcome.error)}`);
  const problem =
    outcome.undone === 'all'
      ? await differenceFromBefore(context, environment, recorder.run, planned)
      : typeof outcome.undone === 'object'
        ? `undoing ${outcome.undone.failedAt} failed: ${messageOf(outcome.undone.error)}`
        : 'nothing was undone';
  const fields = { version: planned.version, step: outcome.step, error: messageOf(outcome.error) };
  if (problem === null) {
    await recorder.record({ type: 'undo.verified', active: planned.previous });
    output.line(
      `undone, and seen to be as before: ${planned.previous === null ? 'no release is active' : `release ${planned.previous} is active and healthy`}`,
    );
    return { exit: exitCodes.failed, run: recorder.run, fields };
  }
  await recorder.record({ type: 'run.stuck', problem });
  output.line(`people are needed now: ${problem}`);
  output.line(
    `npx dhash-rollout status --env ${environment.config.env} shows the run; deploy --abort tries the undo again`,
  );
  const exit: ExitCode = exitCodes.rollbackNotValidated;
  return { exit, run: recorder.run, fields: { ...fields, problem } };
};

const differenceFromBefore = async (
  context: CommandContext,
  environment: Environment,
  runId: string,
  planned: PlannedRun,
): Promise<string | null> => {
  const active = await environment.target({ runId, ...planned }).current();
  if (active !== planned.previous)
    return `the active release is ${active ?? 'none'}, before it was ${planned.previous ?? 'none'}`;
  const left = planned.newData.find((path) => existsSync(path));
  if (left !== undefined) return `${left} did not exist before and is still there`;
  if (planned.previous === null) return null;
  const health = await waitUntilHealthy(
    environment.health(planned.previous),
    context.clock,
    // The undo goes on after Ctrl-C: leaving the old release unproven helps nobody.
    new AbortController().signal,
  );
  return health.ok ? null : `release ${planned.previous} is active again but ${health.reason}`;
};

/** Undoes an open deploy, also one whose steps all succeeded. */
export const abortDeploy = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
): Promise<CommandResult> => {
  const planned = recordedPlan(recorder);
  recorder.onEvent(showSteps(context.output));
  await recorder.record({ type: 'abort.started', user: currentUser(context.processEnv) });
  const target = environment.target({ runId: recorder.run, ...planned });
  const steps = deploySteps(planned.steps, {
    context,
    environment,
    target,
    run: { runId: recorder.run, ...planned },
  });
  const outcome = await recorder.follow(undoSteps(steps, recorder.events, {}));
  const failed: Extract<StepsOutcome, { kind: 'failed' }> =
    outcome.kind === 'failed'
      ? outcome
      : { kind: 'failed', step: 'abort', error: new Error('aborted on request'), undone: 'all' };
  const result = await afterUndo(context, environment, recorder, planned, failed);
  if (result.exit !== exitCodes.failed) return result;
  await recorder.record({ type: 'run.closed', outcome: 'aborted' });
  return { ...result, exit: exitCodes.done };
};
