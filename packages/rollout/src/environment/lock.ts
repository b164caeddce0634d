import {
  type Acquisition,
  acquireLock,
  hasRebootedSince,
  isJournalError,
  type Lock,
  type LockHolder,
  type LockRole,
  leaseMs,
  missingRightOf,
  readLock,
} from '@dhash/journal';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';
import { currentUser } from '../process/who.ts';
import type { Recorder } from '../record/recorder.ts';
import { formatDuration } from '../words/format.ts';
import { type CommandContext, commandHint, typedAgain } from './context.ts';

/** A person's words for who holds a lock. */
export const describeHolder = (holder: LockHolder): string =>
  `${holder.command} (pid ${holder.pid} on ${holder.host}, since ${holder.since}${holder.run === undefined ? '' : `, run ${holder.run}`})`;

/** The refusal that everyone gets who comes second. */
export const busy = (context: CommandContext, env: string, holder: LockHolder): RolloutError =>
  new RolloutError('locked', exitCodes.busy, `${env} is held by ${describeHolder(holder)}`, {
    hints: [`${commandHint(context, `status --env ${env}`)}   shows what it does`],
  });

type Held = Extract<Acquisition, { kind: 'held' }>;

/** The same, where it may be that nobody holds it any more: with the way out. */
const refusalOf = (context: CommandContext, env: string, held: Held): RolloutError => {
  const { holder, because, renewedAgoMs } = held;
  if (because === 'alive') return busy(context, env, holder);
  const who = `${env} is held by ${describeHolder(holder)}, which can't be asked from here`;
  if (because === 'renewed')
    return new RolloutError(
      'locked',
      exitCodes.busy,
      `${who}: it renewed its lock while this command watched, so it runs`,
      {
        hints: [
          `end it on ${holder.host}, or wait: ${commandHint(context, `status --env ${env}`)}`,
        ],
      },
    );
  const ago = renewedAgoMs === null ? null : formatDuration(Math.max(0, renewedAgoMs));
  const lease =
    ago === null || renewedAgoMs === null
      ? ''
      : renewedAgoMs > leaseMs
        ? `; it has not renewed its lock for ${ago}, as a living one does every 10 s`
        : `; it renewed its lock ${ago} ago`;
  return new RolloutError('locked-elsewhere', exitCodes.busy, `${who}${lease}`, {
    hints: [
      `look whether it runs on ${holder.host}; where it does not, take its lock:`,
      typedAgain(context, ['--take-over', '--reason', '…']),
    ],
  });
};

/** Who holds a lock, in words for a page that must come whatever may not be read. */
export const lookAtLock = async (
  lockFile: string,
): Promise<{ lock: Awaited<ReturnType<typeof readLock>>; words: string }> => {
  try {
    const lock = await readLock(lockFile);
    if (lock === null) return { lock, words: 'free' };
    const standing = {
      alive: '',
      gone: ': that process is gone',
      unvouched: ": it can't be asked from here; deploy, rollback and monitor take --take-over",
    };
    return { lock, words: `${describeHolder(lock.holder)}${standing[lock.standing]}` };
  } catch (error) {
    if (!isJournalError(error)) throw error;
    return { lock: null, words: `it is not known who holds it: ${error.message}` };
  }
};

/** From whom a lock was taken, and why that was right. */
export interface TakenOver {
  readonly from: string;
  readonly reason: string;
  /** The machine booted since: nothing that the former holder started runs on. */
  readonly isAfterReboot: boolean;
}

/** A lock as a command holds it. */
export interface HeldLock extends Lock {
  /** `null` where it was free. */
  readonly takenOver: TakenOver | null;
}

export interface LockRequest {
  readonly lockFile: string;
  /** What the holder does, for people. */
  readonly command: string;
  readonly env: string;
  /** A watch gives way to an emergency; what changes the environment does not. */
  readonly role: LockRole;
  readonly run?: string;
}

/**
 * Takes the lock, also from a process that is gone, and says so. From one that can't be asked only
 * with `--take-over`, where it does not renew its lease.
 *
 * @throws RolloutError (exit 7) where another process holds it.
 */
export const acquire = async (context: CommandContext, request: LockRequest): Promise<HeldLock> => {
  const { lockFile, command, env, role, run } = request;
  const { output, signal } = context;
  const options = {
    command,
    role,
    ...(run === undefined ? {} : { run }),
  };
  let acquired = await acquireLock(lockFile, options);
  if (acquired.kind === 'held' && acquired.because !== 'alive' && context.takeOver != null) {
    if (acquired.renewedAgoMs === null || acquired.renewedAgoMs <= leaseMs)
      output.line(
        `watching for ${formatDuration(leaseMs)} whether ${describeHolder(acquired.holder)} renews its lock`,
      );
    acquired = await acquireLock(lockFile, { ...options, takeOver: 'if-silent', signal });
  }
  if (acquired.kind === 'held') throw refusalOf(context, env, acquired);
  const takenOver = await takenOverBy(context, acquired);
  if (takenOver !== null)
    output.warn(`took over the lock of ${takenOver.from}: ${takenOver.reason}`);
  return Object.assign(acquired.lock, { takenOver });
};

const takenOverBy = async (
  context: CommandContext,
  { takenOverFrom, formerStanding }: Extract<Acquisition, { kind: 'acquired' }>,
): Promise<TakenOver | null> => {
  if (takenOverFrom === null) return null;
  const isAfterReboot = await hasRebootedSince(takenOverFrom);
  const reason = isAfterReboot
    ? 'the machine was booted since'
    : formerStanding === 'gone'
      ? 'that process is gone'
      : `it does not renew it; ${context.takeOver ?? 'no reason was given'}`;
  return { from: describeHolder(takenOverFrom), reason, isAfterReboot };
};

/** Puts on the record from whom the lock was taken: once a run is sure to go on, and before its next act. */
export const recordTakeOver = async (
  context: CommandContext,
  recorder: Pick<Recorder, 'record'>,
  { takenOver }: Pick<HeldLock, 'takenOver'>,
): Promise<void> => {
  if (takenOver === null) return;
  await recorder.record({
    type: 'lock.taken-over',
    from: takenOver.from,
    by: currentUser(context.processEnv),
    reason: takenOver.reason,
  });
};

/** Runs `work` as the one process that changes or watches this environment; the lock always goes with it. */
export const holding = async <T>(
  context: CommandContext,
  request: LockRequest,
  work: (lock: HeldLock) => Promise<T>,
): Promise<T> => releasing(context, await acquire(context, request), work);

/**
 * Runs `work` under a lock that was acquired; it is given back whatever happens. What keeps it from being given back
 * (a full disk) changes nothing of what was done: it is then that of a process that is gone.
 */
export const releasing = async <T, L extends Lock>(
  context: CommandContext,
  lock: L,
  work: (lock: L) => Promise<T>,
): Promise<T> => {
  try {
    return await work(lock);
  } catch (error) {
    const why = missingRightOf(error);
    if (why === null) throw error;
    // Under the lock something may have been done already.
    throw new RolloutError('no-right', exitCodes.unexpected, why, {
      hints: [
        'give that right, or come as the user who has it',
        'how far this came is shown by: npx dhash-rollout status --env ENV',
      ],
      cause: error,
    });
  } finally {
    await lock.release().catch((error: unknown) => {
      context.output.warn(
        `the lock ${lock.file} could not be removed (${messageOf(error)}): the next command takes it over`,
      );
    });
  }
};
