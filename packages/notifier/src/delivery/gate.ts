import type { Clock } from '../clock.ts';
import { type AttemptResult, transient } from './attempt.ts';

/**
 * What all messages of this process to one channel pass through, one at a time: the server's hint,
 * the channel's rate, and whether its address turned out to be gone.
 */
export interface Gate {
  /** Epoch ms until which the server asked to be left alone; 0: it did not. */
  heldUntil(): number;
  /** A hint that another process was given. */
  holdUntil(atMs: number): void;
  /** A person says that the hint no longer counts; the next one does again. */
  lift(): void;
  /** Why this process does not post to it any more, or null. */
  goneReason(): string | null;
  /** Runs one try when it is its turn; `endAtMs`: when the caller's time is up. */
  run(
    attempt: () => Promise<AttemptResult>,
    options: { readonly endAtMs: number; readonly signal: AbortSignal | undefined },
  ): Promise<AttemptResult>;
}

/** A gate that lets at most `perSecond` tries through. */
export const createGate = (clock: Clock, perSecond: number): Gate => {
  const intervalMs = 1000 / perSecond;
  let held = 0;
  let gone: string | null = null;
  let nextSlotAt = 0;
  let tail: Promise<void> = Promise.resolve();

  const pass = async (
    attempt: () => Promise<AttemptResult>,
    { endAtMs, signal }: { endAtMs: number; signal: AbortSignal | undefined },
  ): Promise<AttemptResult> => {
    const nowMs = clock.now();
    if (held > nowMs)
      return transient('the server asked to be left alone', { hintMs: held - nowMs, isHeld: true });
    if (nextSlotAt > nowMs) {
      if (nextSlotAt >= endAtMs)
        return transient("the channel's rate leaves no room in this command", { isHeld: true });
      try {
        await clock.sleep(nextSlotAt - nowMs, signal);
      } catch (error) {
        if (!signal?.aborted) throw error;
        return transient('cancelled', { isHeld: true, isCancelled: true });
      }
    }
    nextSlotAt = Math.max(nextSlotAt, clock.now()) + intervalMs;
    const result = await attempt();
    if (result.kind === 'transient' && result.hintMs !== null)
      held = Math.max(held, clock.now() + result.hintMs);
    if (result.kind === 'permanent' && result.isGone) gone = result.reason;
    return result;
  };

  return {
    heldUntil: () => (held > clock.now() ? held : 0),
    holdUntil: (atMs) => {
      held = Math.max(held, atMs);
    },
    lift: () => {
      held = 0;
    },
    goneReason: () => gone,
    run: (attempt, options) => {
      const turn = tail.then(() => pass(attempt, options));
      tail = turn.then(
        () => undefined,
        () => undefined,
      );
      return turn;
    },
  };
};
