import type { RollbackOutcome } from '@dhash/rollback';
import { dropFetched } from '../backup/copies/fetched-folder.ts';
import { type CommandResult, commandHint } from '../environment/context.ts';
import { closeRun, type OpenRun } from '../environment/open-run.ts';
import { salvageHint } from '../environment/salvage-hint.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes, messageOf } from '../errors.ts';
import { asJson } from '../record/recorder.ts';
import { foldRun } from '../record/run-state.ts';
import { describeWritten } from '../words/describe-written.ts';
import type { EndedRollback } from './run-rollback.ts';

/**
 * Tells people what a rollback came to, and closes the run where it validated, or where the run was for it alone and
 * nothing was changed. Exit 0 means: release and data are back and the service is well.
 */
export const tellRollback = async (
  open: OpenRun,
  { plan, outcome }: EndedRollback,
): Promise<CommandResult> => {
  const { environment, recorder } = open;
  const { from, to } = plan.release;
  const { backup } = plan.facts;
  const fields = {
    from,
    to,
    backup: backup === null ? '' : environment.shown(backup.file),
    outcome: outcome.kind,
  };
  const told = (exit: CommandResult['exit'], more: Record<string, unknown>): CommandResult => ({
    exit,
    run: recorder.run,
    fields: { ...fields, ...more },
  });
  switch (outcome.kind) {
    case 'validated': {
      const more = tellValidated(open, plan, outcome);
      const { proof, warnings } = outcome;
      await closeRun(open, {
        outcome: 'rolled back',
        from,
        to,
        proof,
        warnings: [...warnings],
      });
      if (backup !== null) await dropFetched(open.context, environment, backup.file);
      return told(exitCodes.done, more);
    }
    case 'failed-before-swap':
      return told(...(await tellPutBack(open, outcome)));
    case 'not-validated': {
      const { output } = open.context;
      output.line(`PEOPLE ARE NEEDED NOW: ${outcome.state}`);
      for (const command of outcome.commands) output.line(`  → ${command}`);
      return told(exitCodes.rollbackNotValidated, {
        error: messageOf(outcome.error),
        state: outcome.state,
      });
    }
  }
};

const tellValidated = (
  { context, environment, recorder }: OpenRun,
  { release: { to, changes }, data }: EndedRollback['plan'],
  outcome: Extract<RollbackOutcome, { kind: 'validated' }>,
): Record<string, unknown> => {
  const shown = (path: string | null) => (path === null ? null : environment.shown(path));
  const { output } = context;
  for (const warning of outcome.warnings) output.warn(warning);
  output.line(
    changes
      ? `rolled back and validated: release ${to ?? '(none)'} runs ${data === 'restore' ? 'on the data of the backup' : 'on the data as it was'}`
      : `the data of the backup is back and validated; release ${to ?? '(none)'} stayed`,
  );
  output.line(`incident: ${shown(outcome.incident) ?? 'not written'}`);
  if (outcome.written !== null)
    output.line(`written since the backup: ${describeWritten(outcome.written)}`);
  if (outcome.safety !== null) {
    output.line(`what it replaced: ${shown(outcome.safety)}`);
    output.line(
      `to look at what was written since, and to put it back: ${salvageHint(context, recorder.run)}`,
    );
  }
  return {
    incident: shown(outcome.incident),
    safety: shown(outcome.safety),
    proof: outcome.proof,
    written: asJson(outcome.written),
  };
};

/** Nothing of the data was changed; whether the service is as before is asked, not assumed. */
const tellPutBack = async (
  open: OpenRun,
  { step, error }: Extract<RollbackOutcome, { kind: 'failed-before-swap' }>,
): Promise<[CommandResult['exit'], Record<string, unknown>]> => {
  const { context, environment, recorder } = open;
  const state = foldRun(recorder.run, recorder.events);
  const now = await lookAtService(open);
  const text = messageOf(error);
  const stopped = state !== null && state.service !== 'untouched';
  context.output.line(`${step} failed: ${text}`);
  context.output.line(
    `nothing was changed: the data is the one from before; ${describeService(now)}`,
  );
  if (state?.kind !== 'rollback')
    context.output.line(
      `  → ${commandHint(context, `status --env ${environment.config.env}`)}   says what can be typed`,
    );
  const isDown = stopped && now.health.ok !== true && now.health.status === undefined;
  if (isDown) {
    await recorder.record({
      type: 'run.stuck',
      problem: `a rollback failed at ${step} (${text}); the data is the one from before, but ${describeService(now)}`,
    });
    return [exitCodes.rollbackNotValidated, { error: text, service: describeService(now) }];
  }
  // A run that was for the rollback alone has nothing left to do; a deploy's own is as open as before.
  if (state?.kind === 'rollback')
    await closeRun(open, { outcome: 'failed and undone', reason: `${step} failed: ${text}` });
  return [exitCodes.failed, { error: text, service: describeService(now) }];
};
