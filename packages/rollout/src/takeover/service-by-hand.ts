import { runSteps, type Step } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { type HeldLock, holding } from '../environment/lock.ts';
import { beginRun, closeRun, type OpenRun } from '../environment/open-run.ts';
import { waitUntilHealthy } from '../environment/service-checks.ts';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import { asJson } from '../record/recorder.ts';
import { newRunId } from '../record/run-id.ts';
import { mayDo } from '../record/ways-out.ts';
import { requireActive } from '../targets/require-active.ts';
import { requireVariables } from '../targets/run-target-command.ts';
import { refusal, situationNow } from './require-way-out.ts';

export type ServiceAct = 'start' | 'stop';

/** `start` is not made where all is well: two of a service would fight for its port. */
const runsAlready = async (
  { signal }: CommandContext,
  environment: Environment,
  version: string,
): Promise<boolean> => (await environment.health(version).check(signal)).ok === true;

const stepsOf = (
  act: ServiceAct,
  { context: { clock }, environment, recorder: { run } }: OpenRun,
  version: string,
): Step[] => {
  const target = environment.target({ runId: run, version, previous: version });
  if (act === 'stop') return [{ name: 'stop', run: () => target.stop() }];
  const health: Step = {
    name: 'health',
    run: async ({ signal }) => {
      const outcome = await waitUntilHealthy(environment.health(version), clock, signal);
      if (!outcome.ok)
        throw new RolloutError(
          'not-healthy',
          exitCodes.failed,
          `${version} at ${environment.config.url} is ${outcome.reason}`,
        );
      await requireActive(target, version, 'healthy');
      return asJson(outcome);
    },
  };
  return [{ name: 'start', run: () => target.start() }, health];
};

/** Starts or stops the active release, under the lock and on a record of its own. */
export const serviceByHand = async (
  context: CommandContext,
  environment: Environment,
  act: ServiceAct,
  reason: string,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const { env } = config;
  requireVariables(config);
  const run = newRunId(context.clock.now(), env, 'service');
  return holding(context, { lockFile, command: act, env, run, role: 'change' }, async (lock) => {
    // Under the lock, so that nobody is about to begin a run whose data would be half changed.
    const situation = await situationNow(environment, lock);
    if (!mayDo(act, situation).go) throw await refusal(context, environment, act, situation);
    const version = await environment
      .target({ runId: run, version: null, previous: null })
      .current();
    if (version === null)
      throw new RolloutError('no-release', exitCodes.usage, `no release is active in ${env}`, {
        hints: [`npx dhash-rollout deploy --env ${env}`],
      });
    if (act === 'start' && (await runsAlready(context, environment, version))) {
      context.output.line(`release ${version} runs already, and is healthy: nothing was started`);
      return { exit: exitCodes.done, fields: { env, version, began: false } };
    }
    return recorded(context, environment, lock, { act, run, version, reason });
  });
};

interface Asked {
  readonly act: ServiceAct;
  readonly run: string;
  readonly version: string;
  readonly reason: string;
}

/** Runs the steps on a record of their own, which ends with what was done. */
const recorded = async (
  context: CommandContext,
  environment: Environment,
  lock: HeldLock,
  { act, run, version, reason }: Asked,
): Promise<CommandResult> => {
  const { env, url } = environment.config;
  const recorder = await beginRun(context, environment, { run, kind: 'service', version });
  return workOnRun(context, environment, { lock, recorder }, async (open) => {
    const options = { signal: context.signal, onFailure: 'stop' } as const;
    const steps = stepsOf(act, open, version);
    const outcome = await recorder.follow(runSteps(steps, recorder.past, options));
    const fields = { env, version, began: true };
    if (outcome.kind === 'failed') {
      const error = messageOf(outcome.error);
      await closeRun(open, { outcome: 'aborted', reason: error });
      if (context.signal.aborted) throw context.signal.reason;
      context.output.line(`${outcome.step} failed: ${error}`);
      return { exit: exitCodes.failed, run, fields: { ...fields, step: outcome.step, error } };
    }
    const type = act === 'start' ? 'service.started' : 'service.stopped';
    await recorder.record({ type, user: currentUser(context.processEnv), reason });
    await closeRun(open, { outcome: 'done' });
    context.output.line(
      act === 'start'
        ? `release ${version} is started and healthy at ${url}`
        : `release ${version} is stopped`,
    );
    return { exit: exitCodes.done, run, fields };
  });
};
