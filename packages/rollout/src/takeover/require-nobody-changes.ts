import { readLock } from '@dhash/journal';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { busy } from '../environment/lock.ts';
import { readRun } from '../record/runs.ts';
import { holdingNow } from './holding-now.ts';

/**
 * For commands that read live data without the lock: they may go beside a watch, not beside a change.
 *
 * @throws RolloutError (exit 7)
 */
export const requireNobodyChanges = async (
  context: CommandContext,
  { config, layout, lockFile }: Environment,
): Promise<void> => {
  const lock = await readLock(lockFile);
  const run = lock?.holder.run;
  const own = run === undefined ? null : await readRun(layout, run);
  if (lock !== null && holdingNow(lock, own?.state ?? null) === 'change')
    throw busy(context, config.env, lock.holder);
};
