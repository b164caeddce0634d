import type { CommandContext } from '../operate/context.ts';
import type { Environment } from '../operate/environment.ts';
import { currentUser } from '../operate/who.ts';
import { openRecorder } from '../record/recorder.ts';

/** Closes an open run from outside it, on its own record; the caller holds the environment's lock. */
export const closeOver = async (
  context: CommandContext,
  environment: Environment,
  run: string,
  outcome: 'superseded' | 'promoted' | 'rolled back' | 'aborted',
  reason: string,
): Promise<void> => {
  const recorder = await openRecorder(environment.layout, run, {
    now: context.clock.now,
    redact: context.output.redact,
  });
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
