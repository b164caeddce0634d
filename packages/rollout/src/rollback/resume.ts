import { existsSync } from 'node:fs';
import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { lastOf } from '../record/events.ts';
import { requireWayOut } from '../takeover/require-way-out.ts';
import { concludeUndo } from './data-undo.ts';
import { runRollback } from './run-rollback.ts';
import { tellRollback } from './tell-rollback.ts';

/** Goes on with a rollback whose process died, whoever had begun it. */
export const resumeRollback = async (
  context: CommandContext,
  environment: Environment,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const before = await requireWayOut(context, environment, 'rollback --resume');
  const { run } = before.state;
  return holding(
    context,
    { lockFile, command: 'rollback --resume', env: config.env, run, role: 'change' },
    async (lock) => {
      await requireWayOut(context, environment, 'rollback --resume', { run, lock });
      const recorder = await recorderOf(context, environment, run);
      return workOnRun(context, environment, { lock, recorder }, resumeOnRecord);
    },
  );
};

/** Not a slip of whoever types: the service may be down, and only another backup leads out. */
const backupGone = async (open: OpenRun, backup: string): Promise<RolloutError> => {
  const { context, environment } = open;
  const { env } = environment.config;
  const now = describeService(await lookAtService(open));
  return new RolloutError(
    'backup-gone',
    exitCodes.rollbackNotValidated,
    `the rollback can't go on: its backup ${backup} is not there any more; ${now}`,
    {
      hints: [
        `${commandHint(context, `backup --env ${env} --list`)}   shows what could be gone back to`,
        `${commandHint(context, `rollback --env ${env} --backup`)} FILE   goes to another`,
      ],
    },
  );
};

/** The same, on a run that is open already. */
export const resumeOnRecord = async (open: OpenRun): Promise<CommandResult> => {
  const { recorder, context } = open;
  const started = lastOf(recorder.events, 'rollback.started');
  if (started === undefined) {
    await closeRun(open, { outcome: 'aborted', reason: 'it had not begun anything' });
    context.output.line(`run ${recorder.run} had not begun anything: it is closed`);
    return { exit: exitCodes.done, run: recorder.run };
  }
  const { backup, from, to: previous, data, reason, trigger } = started;
  if (backup !== null && !existsSync(backup)) throw await backupGone(open, backup);
  const ended = await runRollback(open, {
    ...{ backup, previous, data, reason, trigger },
    release: backup !== null && from === previous ? 'stay' : 'stamped',
    resume: true,
  });
  if (trigger === 'undo') return concludeUndo(open, ended);
  const told = await tellRollback(open, ended);
  if (ended.outcome.kind === 'failed-before-swap' && trigger === 'gate')
    throw new RolloutError(
      'not-rolled-back',
      exitCodes.rollbackNotValidated,
      'a gate broke, and its rollback could not be done',
    );
  return told;
};
