import { currentUser } from '../process/who.ts';
import type { CommandContext } from './context.ts';
import type { Environment } from './environment.ts';
import { recorderOf } from './open-run.ts';

/** Closes an open run from outside it, on its own record; the caller holds the environment's lock. */
export const closeOver = async (
  context: CommandContext,
  environment: Environment,
  run: string,
  outcome: 'superseded' | 'promoted' | 'rolled back' | 'aborted',
  reason: string,
): Promise<void> => {
  const recorder = await recorderOf(context, environment, run);
  try {
    await recorder.record({
      type: 'run.closed',
      outcome,
      reason,
      user: currentUser(context.processEnv),
    });
  } finally {
    await recorder.close();
  }
};
