import type { CommandContext } from '../operate/context.ts';
import type { Environment } from '../operate/environment.ts';
import { recorderOf } from '../operate/open-run.ts';
import { currentUser } from '../operate/who.ts';

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
