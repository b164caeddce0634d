import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { compareData, readManifest } from '@dhash/backup-core';
import { type Step, undoSteps } from '@dhash/journal';
import { type CommandResult, commandHint } from '../environment/context.ts';
import { closeRun, type OpenRun } from '../environment/open-run.ts';
import { waitUntilHealthy } from '../environment/service-checks.ts';
import { exitCodes, isRolloutError, messageOf } from '../errors.ts';
import { allOf, lastOf, type RecordedEvent } from '../record/events.ts';
import { foldRun } from '../record/run-state.ts';
import { changeAtStart } from '../record/shape-change.ts';
import { isUndoneByData, undoByData } from '../rollback/data-undo.ts';
import { resumeOnRecord } from '../rollback/resume.ts';
import { describeWritten } from '../words/describe-written.ts';
import type { PlannedRun } from './planned-run.ts';
import { recordedSteps } from './recorded-steps.ts';

/** Why a deploy is taken back: the step that failed. */
export interface Failure {
  readonly step: string;
  readonly error: string;
}

/** The failure of an earlier process, also where all is undone already: a deploy that failed never goes forward again. */
export const failureOnRecord = (events: readonly RecordedEvent[]): Failure | null => {
  const failed = allOf(events, 'step.failed').findLast(({ scope }) => scope === undefined);
  return failed === undefined ? null : { step: failed.step, error: failed.error };
};

/** Whether an earlier process was told to undo this run: it is then undone, not gone on with. */
export const isBeingAborted = (events: readonly RecordedEvent[]): boolean =>
  lastOf(events, 'abort.started') !== undefined;

const hasBegun = (events: readonly RecordedEvent[], name: string): boolean =>
  allOf(events, 'step.started').some(({ step, scope }) => scope === undefined && step === name);

/**
 * Which backup takes a deploy back; `null`: its steps are undone one by one. A release that ran may have changed
 * anything, and a migration without a way down can't be undone: then only the data as it was at the stop is as before.
 */
const backupToGoBackTo = (open: OpenRun, planned: PlannedRun): string | null => {
  const { events, run } = open.recorder;
  const { rollback } = open.environment.config;
  const backup = foldRun(run, events)?.backup ?? null;
  if (backup === null || planned.first || rollback.data === 'keep') return null;
  if (hasBegun(events, 'start')) return backup;
  return hasBegun(events, 'migrate') && planned.withoutDown.length > 0 ? backup : null;
};

/** Takes a deploy back, from where its record ends, and closes it where all is seen to be as before. */
export const takeBack = async (open: OpenRun, failure: Failure | null): Promise<CommandResult> => {
  const { context } = open;
  const { planned, steps } = recordedSteps(open);
  if (isUndoneByData(open)) return withoutLaid(open, planned, await resumeOnRecord(open));
  if (failure !== null) context.output.line(`${failure.step} failed: ${failure.error}`);
  const backup = backupToGoBackTo(open, planned);
  if (backup === null) return undoStepByStep(open, planned, steps);
  const reason =
    failure === null ? 'aborted on request' : `${failure.step} failed: ${failure.error}`;
  const { previous } = planned;
  try {
    const undone = await undoByData(open, { backup, previous, reason });
    return await withoutLaid(open, planned, undone);
  } catch (error) {
    if (context.signal.aborted || isOvertaken(error)) throw error;
    // The release that failed is live still, and nothing but people leads out.
    return stuck(open, planned, `the data can't be put back: ${messageOf(error)}`);
  }
};

const isOvertaken = (error: unknown): boolean =>
  isRolloutError(error) && error.code === 'overtaken';

const withoutLaid = async (
  open: OpenRun,
  planned: PlannedRun,
  result: CommandResult,
): Promise<CommandResult> => {
  if (result.exit !== exitCodes.rollbackNotValidated) await removeLaid(open, planned);
  return result;
};

/** The release that was laid for this run; that it stays is no fault of the undo. */
const removeLaid = async (
  { context, environment, recorder }: OpenRun,
  planned: PlannedRun,
): Promise<void> => {
  const laid = allOf(recorder.events, 'step.done').findLast(({ step }) => step === 'lay');
  if (laid === undefined) return;
  try {
    await environment.target({ runId: recorder.run, ...planned }).unlay(laid.data);
  } catch (error) {
    context.output.warn(`release ${planned.version} stays laid: ${messageOf(error)}`);
  }
};

const undoStepByStep = async (
  open: OpenRun,
  planned: PlannedRun,
  steps: readonly Step[],
): Promise<CommandResult> => {
  const { recorder } = open;
  const outcome = await recorder.follow(undoSteps(steps, recorder.past));
  if (outcome.kind === 'failed')
    return stuck(open, planned, `undoing ${outcome.step} failed: ${messageOf(outcome.error)}`);
  const problem = await differenceFromBefore(open, planned);
  return problem === null ? asBefore(open, planned) : stuck(open, planned, problem);
};

const fieldsOf = (open: OpenRun, planned: PlannedRun): Record<string, unknown> => ({
  version: planned.version,
  ...failureOnRecord(open.recorder.events),
});

const asBefore = async (open: OpenRun, planned: PlannedRun): Promise<CommandResult> => {
  const { context, recorder } = open;
  const { run } = recorder;
  const compared = await comparedData(open, planned);
  const active = planned.previous;
  await recorder.record({ type: 'undo.verified', active, compared });
  context.output.line(
    `undone, and seen to be as before: ${active === null ? 'no release is active' : `release ${active} is active and healthy`}; ${compared}`,
  );
  const wasAsked = isBeingAborted(recorder.events);
  const failure = failureOnRecord(recorder.events);
  await closeRun(open, {
    outcome: wasAsked ? 'aborted' : 'failed and undone',
    ...(failure === null ? {} : { reason: failure.error }),
  });
  return {
    exit: wasAsked ? exitCodes.done : exitCodes.failed,
    run,
    fields: fieldsOf(open, planned),
  };
};

/** What is known of the data after an undo, in words: nothing is called equal that was not compared. */
const comparedData = async (open: OpenRun, planned: PlannedRun): Promise<string> => {
  const { recorder, environment } = open;
  const { config } = environment;
  const touched = ['init', 'migrate', 'start'].some((name) => hasBegun(recorder.events, name));
  if (!touched) return 'the data was not touched';
  const kept = lastOf(recorder.events, 'data.set-aside');
  const aside = kept === undefined ? '' : `; what was live is set aside in ${kept.file}`;
  if (planned.first) return `the data that was made for it is gone${aside}`;
  const change = changeAtStart(recorder.events);
  const stays =
    change === null
      ? ''
      : `; what release ${planned.version} changed in it as it started stays: ${change}`;
  const own = foldRun(recorder.run, recorder.events)?.backup ?? null;
  const backup = own === null ? null : resolve(config.root, own);
  if (backup === null || !existsSync(backup))
    return `the data was taken back by its migrations and compared with nothing${stays}${aside}`;
  const written = describeWritten(await compareData(await readManifest(backup), config.data));
  return written === 'nothing'
    ? `the data has the files and rows of ${basename(backup)}${aside}`
    : `against ${basename(backup)} the data differs: ${written}${aside}`;
};

const stuck = async (
  open: OpenRun,
  planned: PlannedRun,
  problem: string,
): Promise<CommandResult> => {
  const { context, recorder, environment } = open;
  const { env } = environment.config;
  await recorder.record({ type: 'run.stuck', problem });
  context.output.line(`PEOPLE ARE NEEDED NOW: ${problem}`);
  context.output.line(`  → ${commandHint(context, `status --env ${env}`)}   shows the run`);
  context.output.line(
    `  → ${commandHint(context, `deploy --env ${env} --abort`)}   tries the undo again`,
  );
  return {
    exit: exitCodes.rollbackNotValidated,
    run: recorder.run,
    fields: { ...fieldsOf(open, planned), problem },
  };
};

const differenceFromBefore = async (
  { context, environment, recorder }: OpenRun,
  planned: PlannedRun,
): Promise<string | null> => {
  const active = await environment.target({ runId: recorder.run, ...planned }).current();
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
