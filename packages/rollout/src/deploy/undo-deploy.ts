import { existsSync } from 'node:fs';
import { type JournalEvent, type Step, type StepsOutcome, undoSteps } from '@dhash/journal';
import type { CommandContext, CommandResult } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { waitUntilHealthy } from '../environment/service-checks.ts';
import { showSteps } from '../environment/show-steps.ts';
import { type ExitCode, exitCodes, messageOf } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import type { Recorder } from '../record/recorder.ts';
import type { PlannedRun } from './planned-run.ts';
import { recordedPlan, recordedSteps } from './recorded-steps.ts';

/** After an undo, looks whether the environment really is as it was before, and says so on the record. */
export const afterUndo = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
  planned: PlannedRun,
  outcome: Extract<StepsOutcome, { kind: 'failed' }>,
): Promise<CommandResult> => {
  const { output } = context;
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

/**
 * Goes on with the undo of a step that failed in an earlier process; `null` where none had failed.
 * Also where all is undone already: a deploy that failed never goes forward again.
 */
export const undoFailureOnRecord = async (
  recorder: Recorder,
  steps: readonly Step[],
): Promise<StepsOutcome | null> => {
  const failure = recorder.events.findLast(
    ({ type, scope }) => type === 'step.failed' && scope === undefined,
  );
  if (failure === undefined) return null;
  const outcome = await recorder.follow(undoSteps(steps, recorder.events));
  return {
    kind: 'failed',
    step: String(failure['step']),
    error: new Error(String(failure['error'])),
    undone: outcome.kind === 'done' ? 'all' : outcome.undone,
  };
};

/** Whether an earlier process was told to undo this run: it is then undone, not gone on with. */
export const isBeingAborted = (events: readonly JournalEvent[]): boolean =>
  events.some(({ type }) => type === 'abort.started');

/** Undoes an open deploy, also one whose steps all succeeded. */
export const abortDeploy = async (
  context: CommandContext,
  environment: Environment,
  recorder: Recorder,
): Promise<CommandResult> => {
  const { run } = recorder;
  await recorder.record({ type: 'abort.started', user: currentUser(context.processEnv) });
  if (recordedPlan(recorder.events) === null) {
    await recorder.record({ type: 'run.closed', outcome: 'aborted' });
    context.output.line(`run ${run} had not begun anything: it is closed`);
    return { exit: exitCodes.done, run };
  }
  const { planned, steps } = recordedSteps(context, environment, recorder);
  recorder.onEvent(showSteps(context.output));
  const outcome = await recorder.follow(undoSteps(steps, recorder.events));
  const result = await afterUndo(
    context,
    environment,
    recorder,
    planned,
    outcome.kind === 'failed'
      ? outcome
      : { kind: 'failed', step: 'abort', error: new Error('aborted on request'), undone: 'all' },
  );
  if (result.exit !== exitCodes.failed) return result;
  await recorder.record({ type: 'run.closed', outcome: 'aborted' });
  return { ...result, exit: exitCodes.done };
};
