import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { surveyBackups } from '@dhash/backup-core';
import { type Lock, runSteps } from '@dhash/journal';
import { takeSample } from '@dhash/monitor';
import type { PolledSample } from '@dhash/quality-gates';
import { backupRoom, checkRoom } from '../backup/backup-room.ts';
import { closeOver } from '../environment/close-over.ts';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { openRun } from '../environment/open-run.ts';
import { showSteps } from '../environment/show-steps.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { openAnnouncer } from '../notify/announcer.ts';
import { messagesOfStep } from '../notify/step-messages.ts';
import { asJson, type Recorder } from '../record/recorder.ts';
import { newRunId } from '../record/run-id.ts';
import { listRuns, newestChange } from '../record/runs.ts';
import { gatherDeploy, judgeRunning } from './gather.ts';
import { type DeployFacts, type DeployOptions, type DeployPlan, planDeploy } from './plan.ts';
import { plannedRun } from './planned-run.ts';
import { recordedSteps } from './recorded-steps.ts';
import { afterUndo, undoFailureOnRecord } from './undo-deploy.ts';

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
  const gathered = await gatherDeploy(context, environment, { version: asked.version });
  await requireRoom(context, environment, orThrow(planDeploy(gathered.facts, asked)));
  const { baseline, alreadyBroken } = await judgeRunning(context, environment, gathered);
  const facts = { ...gathered.facts, alreadyBroken };
  return { facts, baseline, plan: orThrow(planDeploy(facts, asked)) };
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
  { facts, baseline, plan }: PreparedDeploy,
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
      if ((newest?.state.run ?? null) !== (facts.newest?.run ?? null))
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
      const recorder = await openRun(context, environment, {
        run: runId,
        kind: 'deploy',
        version: plan.version,
      });
      try {
        await recorder.record({
          type: 'deploy.planned',
          ...plannedRun(plan, facts),
          options: asJson(options),
          sentences: [...plan.sentences],
        });
        await saveBaseline(layout.run(runId).baseline, baseline);
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
  const { planned, steps } = recordedSteps(context, environment, recorder);
  const announcer = openAnnouncer(context, environment, recorder);
  recorder.onEvent(showSteps(context.output));
  const variables = { version: planned.version, previous: planned.previous ?? '' };
  recorder.onEvent((event) => {
    for (const said of messagesOfStep(event))
      announcer.announce(said.event, { ...variables, ...said.variables });
  });
  announcer.announce('deploy-started', variables);
  const outcome =
    (await undoFailureOnRecord(recorder, steps)) ??
    (await recorder.follow(
      runSteps(steps, recorder.events, { signal: context.signal, onFailure: 'undo' }),
    ));
  if (outcome.kind === 'failed') {
    if (context.signal.aborted && outcome.undone === 'none') {
      await announcer.settle();
      context.output.line(
        `stopped before ${outcome.step}: ${commandHint(context, `deploy --env ${environment.config.env} --resume`)} goes on, --abort undoes`,
      );
      throw context.signal.reason;
    }
    context.output.line(`${outcome.step} failed: ${messageOf(outcome.error)}`);
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
