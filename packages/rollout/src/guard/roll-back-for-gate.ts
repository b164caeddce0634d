import { type CommandResult, commandHint } from '../environment/context.ts';
import type { OpenRun } from '../environment/open-run.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes, isRolloutError, messageOf, RolloutError } from '../errors.ts';
import { writeFailureIncident } from '../rollback/failure-incident.ts';
import { type RollbackRequest, runRollback } from '../rollback/run-rollback.ts';
import { tellRollback } from '../rollback/tell-rollback.ts';

/**
 * The rollback that a broken gate asks for. Where it can't be done, whatever the reason, people are needed: exit 6,
 * with which release serves now (asked, not assumed), and what to type.
 *
 * @throws the signal's reason where it was interrupted; RolloutError `overtaken` where another command took over
 */
export const rollBackForGate = async (
  open: OpenRun,
  request: RollbackRequest,
): Promise<CommandResult> => {
  try {
    requireBackup(request);
    const ended = await runRollback(open, request);
    if (ended.outcome.kind !== 'failed-before-swap') return await tellRollback(open, ended);
    const { step, error } = ended.outcome;
    return await notDone(open, `${step} failed: ${messageOf(error)}`);
  } catch (error) {
    const isOver = isRolloutError(error) && error.code === 'overtaken';
    if (open.context.signal.aborted || isOver) throw error;
    return notDone(open, messageOf(error));
  }
};

const requireBackup = ({ data, backup }: RollbackRequest): void => {
  if (data === 'restore' && backup === null)
    throw new RolloutError(
      'no-own-backup',
      exitCodes.rollbackNotValidated,
      'the run has no backup of its own to restore',
    );
};

const notDone = async (open: OpenRun, error: string): Promise<CommandResult> => {
  const { context, environment, recorder } = open;
  const { output } = context;
  const { env } = environment.config;
  const now = describeService(await lookAtService(open));
  const state = `a gate broke and the rollback could not be done; ${now}`;
  await recorder.record({ type: 'rollback.failed', error, state });
  output.line(`PEOPLE ARE NEEDED NOW: ${state}`);
  output.line(`why: ${error}`);
  output.line(`  → ${commandHint(context, `status --env ${env}`)}   says what can be typed`);
  const incident = await writeFailureIncident(open, { error, state });
  return {
    exit: exitCodes.rollbackNotValidated,
    run: recorder.run,
    fields: { error, state, incident },
  };
};
