import { type LockHolder, readLock } from '@dhash/journal';
import type { Layout } from '../record/layout.ts';
import { readRun } from '../record/runs.ts';

/**
 * Who changes this environment right now. A process that only watches is none, whatever command it
 * came from; a monitor that is rolling back is one.
 */
export const changingHolder = async (
  layout: Layout,
  lockFile: string,
): Promise<LockHolder | null> => {
  const lock = await readLock(lockFile);
  if (lock === null || !lock.alive) return null;
  const { run, command } = lock.holder;
  const status = run === undefined ? undefined : (await readRun(layout, run))?.state.status;
  if (status === 'watching') return null;
  if (status === 'rolling back') return lock.holder;
  return command.startsWith('monitor') ? null : lock.holder;
};
