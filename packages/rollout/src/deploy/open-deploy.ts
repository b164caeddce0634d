import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { type HeldLock, holding, releasing } from '../environment/lock.ts';
import { closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import type { RunState } from '../record/run-state.ts';
import { driftOf } from '../takeover/drift.ts';
import { requireWayOut } from '../takeover/require-way-out.ts';
import { takeFromWatch } from '../takeover/take-from-watch.ts';
import { type AfterDeploy, runDeploy } from './deploy.ts';
import { recordedPlan } from './planned-run.ts';
import { isBeingAborted, takeBack } from './take-back.ts';

/** Goes on with a deploy that was cut off; where it was being undone, with that. Everything is taken from its record. */
export const resumeDeploy = async (
  context: CommandContext,
  environment: Environment,
  after: AfterDeploy | null,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const { state } = await requireWayOut(context, environment, 'deploy --resume');
  const { run } = state;
  return holding(
    context,
    { lockFile, command: 'deploy --resume', env: config.env, run, role: 'change' },
    async (lock) => {
      await requireWayOut(context, environment, 'deploy --resume', { run, lock });
      const recorder = await recorderOf(context, environment, run);
      return workOnRun(context, environment, { lock, recorder }, async (open) => {
        if (isBeingAborted(recorder.events)) return takeBack(open, null);
        await recorder.record({
          type: 'deploy.resumed',
          user: currentUser(context.processEnv),
        });
        return runDeploy(open, after);
      });
    },
  );
};

/** Undoes an open deploy, also one whose steps all succeeded, and one that is watched. */
export const abortDeploy = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { state } = await requireWayOut(context, environment, 'deploy --abort');
  const { run } = state;
  const taken = await takeFromWatch(context, environment, {
    command: 'deploy --abort',
    kind: 'abort',
    reason: 'deploy --abort',
  });
  if (taken.kind === 'rolling back')
    throw new RolloutError('rolling-back', exitCodes.busy, `run ${taken.run} is being rolled back`);
  return releasing(context, taken.lock, (lock) =>
    abortHeld(context, environment, run, lock, taken.from),
  );
};

const abortHeld = async (
  context: CommandContext,
  environment: Environment,
  run: string,
  lock: HeldLock,
  from: string | null,
): Promise<CommandResult> => {
  const { state } = await requireWayOut(context, environment, 'deploy --abort', { run, lock });
  const recorder = await recorderOf(context, environment, run);
  try {
    if (recordedPlan(recorder.events) !== null)
      await requireOwnRelease(context, environment, state);
  } catch (error) {
    await recorder.close();
    throw error;
  }
  return workOnRun(context, environment, { lock, recorder }, async (open) => {
    const user = currentUser(context.processEnv);
    if (from !== null) await recorder.record({ type: 'lock.taken-over', from, by: user });
    await recorder.record({ type: 'abort.started', user });
    if (recordedPlan(recorder.events) === null) return closeUnbegun(open);
    return takeBack(open, null);
  });
};

const closeUnbegun = async (open: OpenRun): Promise<CommandResult> => {
  const { run } = open.recorder;
  await closeRun(open, { outcome: 'aborted' });
  open.context.output.line(`run ${run} had not begun anything: it is closed`);
  return { exit: exitCodes.done, run };
};

/**
 * An undo takes away what its own run put there: where something else is active by now, somebody changed it by hand.
 *
 * @throws RolloutError `drift` (exit 5)
 */
const requireOwnRelease = async (
  context: CommandContext,
  environment: Environment,
  state: RunState,
): Promise<void> => {
  const { run, version, previous, status } = state;
  const active = await environment.target({ runId: run, version, previous }).current();
  // Cut off before its switch, or half undone, the release before may be the active one.
  const mayBeBefore = ['in progress', 'needs people', 'rolling back'].includes(status);
  if (active === version || (mayBeBefore && active === previous)) return;
  throw new RolloutError(
    'drift',
    exitCodes.brokenNotRolledBack,
    `${driftOf(active, state)}: an abort would undo what is not there`,
    {
      hints: [
        `${commandHint(context, `deploy --env ${environment.config.env} --supersede`)}   leaves this run as it is`,
      ],
    },
  );
};
