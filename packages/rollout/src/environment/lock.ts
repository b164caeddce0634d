import { acquireLock, type Lock, type LockHolder } from '@dhash/journal';
import { exitCodes, RolloutError } from '../errors.ts';
import { type CommandContext, commandHint } from './context.ts';

/** A person's words for who holds a lock. */
export const describeHolder = (holder: LockHolder): string =>
  `${holder.command} (pid ${holder.pid} on ${holder.host}, since ${holder.since}${holder.run === undefined ? '' : `, run ${holder.run}`})`;

/** The refusal that everyone gets who comes second. */
export const busy = (context: CommandContext, env: string, holder: LockHolder): RolloutError =>
  new RolloutError('locked', exitCodes.busy, `${env} is held by ${describeHolder(holder)}`, {
    hints: [`${commandHint(context, `status --env ${env}`)}   shows what it does`],
  });

export interface LockRequest {
  readonly lockFile: string;
  /** What the holder does, for people. */
  readonly command: string;
  readonly env: string;
  readonly run?: string;
  /** A watch gives way to an emergency; what changes the environment does not. */
  readonly role: 'watch' | 'change';
}

/**
 * Takes the lock, also from a process that is gone, and says so.
 *
 * @throws RolloutError (exit 7) where a living process holds it.
 */
export const acquire = async (
  context: CommandContext,
  { lockFile, command, env, run }: LockRequest,
): Promise<Lock> => {
  const acquired = await acquireLock(lockFile, { command, ...(run === undefined ? {} : { run }) });
  if (acquired.kind === 'held') throw busy(context, env, acquired.holder);
  if (acquired.takenOverFrom !== null) {
    context.output.warn(
      `took over the lock of ${describeHolder(acquired.takenOverFrom)}: that process is gone`,
    );
  }
  return acquired.lock;
};

/** Runs `work` as the one process that changes or watches this environment; the lock always goes with it. */
export const holding = async <T>(
  context: CommandContext,
  request: LockRequest,
  work: (lock: Lock) => Promise<T>,
): Promise<T> => releasing(await acquire(context, request), work);

/** Runs `work` under a lock that was acquired; it is given back whatever happens. */
export const releasing = async <T>(lock: Lock, work: (lock: Lock) => Promise<T>): Promise<T> => {
  try {
    return await work(lock);
  } finally {
    await lock.release();
  }
};
