import { basename, resolve } from 'node:path';
import { type CommandResult, commandHint } from '../environment/context.ts';
import { closeRun, type OpenRun } from '../environment/open-run.ts';
import { salvageHint } from '../environment/salvage-hint.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes, messageOf } from '../errors.ts';
import { allOf, lastOf } from '../record/events.ts';
import { foldRun } from '../record/run-state.ts';
import { describeWritten } from '../words/describe-written.ts';
import { type EndedRollback, runRollback } from './run-rollback.ts';

/**
 * Takes a run back by its own backup: an undo is a rollback in small. What is live is set aside, counted and named;
 * the data is proved equal to the backup; the release before starts on it.
 */
export const undoByData = async (
  open: OpenRun,
  { backup, previous, reason }: { backup: string; previous: string | null; reason: string },
): Promise<CommandResult> => {
  const ended = await runRollback(open, {
    backup: resolve(open.environment.config.root, backup),
    previous,
    data: 'restore',
    release: 'stamped',
    reason,
    trigger: 'undo',
    resume: false,
  });
  return concludeUndo(open, ended);
};

/** Whether an earlier process began to take this run back by its backup, and did not come to the end. */
export const isUndoneByData = ({ recorder: { run, events } }: OpenRun): boolean => {
  const state = foldRun(run, events);
  return state?.status === 'rolling back' && state.rollbackBy === 'undo';
};

const whatToType = ({ context, environment: { config } }: OpenRun): string =>
  `${commandHint(context, `status --env ${config.env}`)}   says what can be typed`;

/** What an undo by data came to: closed where all is as before, else left for people. */
export const concludeUndo = async (
  open: OpenRun,
  { plan, outcome }: EndedRollback,
): Promise<CommandResult> => {
  const { context, recorder, environment } = open;
  const { output } = context;
  const { run } = recorder;
  const failed = allOf(recorder.events, 'step.failed').findLast(({ scope }) => scope === undefined);
  const fields = {
    version: foldRun(run, recorder.events)?.version ?? null,
    ...(failed === undefined ? {} : { step: failed.step, error: failed.error }),
  };
  if (outcome.kind !== 'validated') {
    const now = describeService(await lookAtService(open));
    const problem =
      outcome.kind === 'not-validated'
        ? outcome.state
        : `the data could not be put back: ${outcome.step} failed: ${messageOf(outcome.error)}`;
    await recorder.record({ type: 'run.stuck', problem: `${problem}; ${now}` });
    output.line(`PEOPLE ARE NEEDED NOW: ${problem}; ${now}`);
    output.line(`  → ${whatToType(open)}`);
    return { exit: exitCodes.rollbackNotValidated, run, fields: { ...fields, problem } };
  }
  const { to } = plan.release;
  const { backup } = plan.facts;
  await recorder.record({
    type: 'undo.verified',
    active: to,
    compared: `the data is equal to ${backup === null ? 'the backup' : basename(backup.file)}`,
  });
  for (const warning of outcome.warnings) output.warn(warning);
  output.line(
    `undone, and seen to be as before: release ${to ?? '(none)'} is active and healthy, its data equal to the backup of the stop`,
  );
  if (outcome.written !== null)
    output.line(`written since that backup: ${describeWritten(outcome.written)}`);
  if (outcome.safety !== null)
    output.line(
      `what was live is set aside: ${environment.shown(outcome.safety)}; to look into it: ${salvageHint(context, run)}`,
    );
  const wasAsked = lastOf(recorder.events, 'abort.started') !== undefined;
  await closeRun(open, {
    outcome: wasAsked ? 'aborted' : 'failed and undone',
    ...(failed === undefined ? {} : { reason: failed.error }),
  });
  return { exit: wasAsked ? exitCodes.done : exitCodes.failed, run, fields };
};
