import { rm } from 'node:fs/promises';
import { acquireLock, isJournalError, type Lock, readLock } from '@dhash/journal';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { acquire, busy, describeHolder, type HeldLock } from '../environment/lock.ts';
import type { RunState } from '../record/run-state.ts';
import { readRun } from '../record/runs.ts';
import { holdingNow } from './holding-now.ts';
import { ask, waitFor } from './requests.ts';

/** Longest that a watch is waited for before its lock is taken over, ms. */
const standDownMs = 10_000;

export type Taken =
  | {
      readonly kind: 'acquired';
      readonly lock: HeldLock;
      /** The living process that did not stand down in time; `null` where the lock was free or given up. */
      readonly from: string | null;
    }
  /** A rollback of this run is under way, or ended while this command asked. */
  | { readonly kind: 'rolling back'; readonly run: string };

/** Where the holder's run stands; `null` where it has no record yet, or one that does not verify. */
const stateOf = async ({ layout }: Environment, run: string): Promise<RunState | null> => {
  try {
    return (await readRun(layout, run))?.state ?? null;
  } catch (error) {
    if (isJournalError(error)) return null;
    throw error;
  }
};

/**
 * Takes an environment's lock for a command that no watch may refuse: asks the watch to stand down,
 * and where it does not in time, takes the lock from it.
 *
 * @throws RolloutError (exit 7) where the holder is changing the environment.
 */
export const takeFromWatch = async (
  context: CommandContext,
  environment: Environment,
  asked: {
    readonly command: string;
    readonly kind: 'rollback' | 'abort';
    readonly reason: string;
  },
): Promise<Taken> => {
  const { env } = environment.config;
  const { lockFile } = environment;
  const { command } = asked;
  const role = 'change' as const;
  const held = await readLock(lockFile);
  const run = held?.holder.run;
  const take = async (): Promise<Taken> => ({
    kind: 'acquired',
    lock: await acquire(context, { lockFile, command, env, role }),
    from: null,
  });
  if (held?.alive !== true || run === undefined) return take();
  const before = await stateOf(environment, run);
  const isRollingBack = before?.status === 'rolling back';
  // One that can't be asked may be gone: `acquire` says how its lock is taken.
  if (held.standing === 'unvouched' && (isRollingBack || holdingNow(held, before) === 'change'))
    return take();
  if (isRollingBack) return { kind: 'rolling back', run };
  if (holdingNow(held, before) === 'change') throw busy(context, env, held.holder);

  context.output.line(`asking the watch of ${run} to stand down`);
  const request = await askOrSayWhyNot(context, environment, run, asked);
  try {
    const given = await waitFor(
      context,
      async (): Promise<Taken | null> => {
        const acquired = await acquireLock(lockFile, { command, run, role });
        if (acquired.kind === 'acquired')
          return { kind: 'acquired', lock: free(acquired.lock), from: null };
        const { status } = (await stateOf(environment, run)) ?? {};
        return status === 'rolling back' ? { kind: 'rolling back', run } : null;
      },
      standDownMs,
    );
    if (given?.kind === 'rolling back') return given;
    if (given !== null) return await unlessRolledBack(environment, run, given);
    const taken = await acquireLock(lockFile, { command, run, role, takeOver: 'always' });
    if (taken.kind === 'held') throw busy(context, env, taken.holder);
    context.output.warn(
      `${held.holder.command} (pid ${held.holder.pid}) did not stand down within ${standDownMs / 1000} s: its lock was taken over`,
    );
    return await unlessRolledBack(environment, run, {
      kind: 'acquired',
      lock: free(taken.lock),
      from: describeHolder(held.holder),
    });
  } finally {
    // Nobody may find it there later and stand down for a command that is long over.
    if (request !== null) await rm(request, { force: true });
  }
};

/** A watch of another user may not be asked: it notices that its lock was taken, and stands down. */
const askOrSayWhyNot = async (
  context: CommandContext,
  environment: Environment,
  run: string,
  asked: { readonly kind: 'rollback' | 'abort'; readonly reason: string },
): Promise<string | null> => {
  try {
    return await ask(context, environment, run, asked.kind, asked.reason);
  } catch (error) {
    if (!isJournalError(error) || error.code !== 'no-right') throw error;
    context.output.warn(error.message);
    return null;
  }
};

/** Whoever asked for it says from whom it came. */
const free = (lock: Lock): HeldLock => Object.assign(lock, { takenOver: null });

/** The watch may have rolled back by itself between the request and the lock: it is not done twice. */
const unlessRolledBack = async (
  environment: Environment,
  run: string,
  taken: Extract<Taken, { kind: 'acquired' }>,
): Promise<Taken> => {
  const state = await stateOf(environment, run);
  if (state?.status !== 'rolled back') return taken;
  await taken.lock.release();
  return { kind: 'rolling back', run };
};
