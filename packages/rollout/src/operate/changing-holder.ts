import { type LockHolder, readLock } from '@dhash/journal';

/** Who changes this environment right now; a monitor only watches and is not one. */
export const changingHolder = async (lockFile: string): Promise<LockHolder | null> => {
  const lock = await readLock(lockFile);
  if (lock === null || !lock.alive) return null;
  return lock.holder.command.startsWith('monitor') ? null : lock.holder;
};
