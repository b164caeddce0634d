import { acquireLock, type Lock, type LockHolder } from '@dhash/journal';
import { exitCodes, RolloutError } from '../errors.ts';
import type { CommandContext } from './context.ts';

/** A person's words for who holds a lock. */
export const describeHolder = (holder: LockHolder): string =>
  `${holder.command} (pid ${holder.pid} on ${holder.host}, since ${holder.since}${holder.run === undefined ? '' : `, run ${holder.run}`})`;

/** The refusal that everyone gets who comes second. */
export const busy = (env: string, holder: LockHolder): RolloutError =>
  new RolloutError('locked', exitCodes.busy, `${env} is held by ${describeHolder(holder)}`, {
    hints: [
      `npx dhash-rollout status --env ${env}   shows what it does`,
      `npx dhash-rollout rollback --env ${env} --backup FILE   is never refused by a monitor`,
    ],
  });

/** Runs `work` as the one process that changes or watches this environment; the lock always goes with it. */
export const holding = async <T>(
  context: CommandContext,
  { lockFile, command, env, run }: { lockFile: string; command: string; env: string; run?: string },
  work: (lock: Lock) => Promise<T>,
): Promise<T> => {
  const acquired = await acquireLock(lockFile, { command, ...(run === undefined ? {} : { run }) });
  if (acquired.kind === 'held') throw busy(env, acquired.holder);
  if (acquired.takenOverFrom !== null) {
    context.output.warn(
      `took over the lock of ${describeHolder(acquired.takenOverFrom)}: that process is gone`,
    );
  }
  try {
    return await work(acquired.lock);
  } finally {
    await acquired.lock.release();
  }
};
