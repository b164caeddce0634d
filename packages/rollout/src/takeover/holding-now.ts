import type { LockHolder } from '@dhash/journal';
import type { RunState } from '../record/run-state.ts';
import type { Holding } from '../record/standing.ts';

/**
 * Who works on an environment: a process that watches, or settles after a watch, gives way; one that changes
 * things does not. A watch that is rolling back changes things. Pure.
 *
 * @param state of the run that the holder works on, or of another
 */
export const holdingNow = (
  lock: { readonly holder: LockHolder; readonly alive: boolean } | null,
  state: RunState | null,
): Holding => {
  if (lock === null || !lock.alive) return 'free';
  const { holder } = lock;
  const own = state !== null && state.run === holder.run ? state : null;
  if (own?.status === 'rolling back') return 'change';
  if (own?.status === 'watching') return 'watch';
  return holder.role === 'watch' ? 'watch' : 'change';
};
