import { type CommandContext, type CommandResult, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { holding } from '../environment/lock.ts';
import { closeRun, type OpenRun, recorderOf } from '../environment/open-run.ts';
import { pruneReleases } from '../environment/prune-releases.ts';
import { describeService, lookAtService } from '../environment/service-now.ts';
import { exitCodes, RolloutError } from '../errors.ts';
import { workOnRun } from '../notify/work-on-run.ts';
import { currentUser } from '../process/who.ts';
import type { RunState } from '../record/run-state.ts';
import { driftOf } from './drift.ts';
import { askToPromote } from './requests.ts';
import { requireWayOut } from './require-way-out.ts';

/** Takes the open run as good: through its watch where one runs, else on its record, under the lock. */
export const promoteByHand = async (
  context: CommandContext,
  environment: Environment,
  reason: string,
): Promise<CommandResult> => {
  const { config, lockFile } = environment;
  const { state, situation } = await requireWayOut(context, environment, 'promote');
  const { run } = state;
  if (situation.held === 'watch') await askToPromote(context, environment, state, reason);
  else
    await holding(
      context,
      { lockFile, command: 'promote', env: config.env, run, role: 'change' },
      async (lock) => {
        // What was read before the lock may have changed while another command had it.
        const now = await requireWayOut(context, environment, 'promote', { run, lock });
        const recorder = await recorderOf(context, environment, run);
        await workOnRun(context, environment, { lock, recorder }, (open) =>
          closeAsPromoted(open, now.state, reason),
        );
      },
    );
  context.output.line(
    `run ${run}: release ${state.version ?? '(none)'} is promoted by hand: ${reason}`,
  );
  return { exit: exitCodes.done, run };
};

const closeAsPromoted = async (open: OpenRun, state: RunState, reason: string): Promise<void> => {
  const { context, environment } = open;
  const now = await lookAtService(open);
  const drift = driftOf(now.active, state);
  if (drift !== null)
    throw new RolloutError(
      'drift',
      exitCodes.brokenNotRolledBack,
      `${drift}: what does not run can't be promoted`,
      {
        hints: [
          `${commandHint(context, `deploy --env ${environment.config.env} --supersede`)}   leaves this run as it is`,
        ],
      },
    );
  const seen = describeService(now);
  context.output.line(`looked before the promotion: ${seen}`);
  await closeRun(open, {
    outcome: 'promoted',
    reason,
    seen,
    user: currentUser(context.processEnv),
  });
  await pruneReleases(open, state);
};
