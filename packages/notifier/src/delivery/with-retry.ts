import type { Clock } from '../clock.ts';
import type { AttemptResult } from './attempt.ts';

/** How long one message may be tried within a command. */
export interface RetryPolicy {
  readonly tries: number;
  /** From the first try to the last answer, ms. */
  readonly budgetMs: number;
  /** One try, ms. */
  readonly tryMs: number;
  /** Backoff before try n+1 is random between 0 and this × 2^(n-1), ms (full jitter). */
  readonly backoffMs: number;
}

/** 5 tries, 15 s in all, 10 s a try. */
export const defaultRetryPolicy: RetryPolicy = {
  tries: 5,
  budgetMs: 15_000,
  tryMs: 10_000,
  backoffMs: 500,
};

/**
 * What a flush has instead. Mail: RFC 5321 4.5.3.2 gives a server 5 min for its greeting, and some use it against
 * spam. HTTP: Standard Webhooks gives a receiver 15 to 30 s.
 */
export const longWaits = {
  email: { tryMs: 300_000, budgetMs: 330_000 },
  http: { tryMs: 30_000, budgetMs: 45_000 },
} as const satisfies Record<string, Partial<RetryPolicy>>;

/** Certificates and TLS get this many tries in a command: seconds don't mend them, people do. */
const configTries = 3;

/** The last try's result, and what it took to get there. */
export interface RetryOutcome {
  readonly result: AttemptResult;
  readonly attempts: number;
  /** Epoch ms before which the server asked not to be called; null where it did not. */
  readonly notBefore: number | null;
  /** Whether any try's answer was cut off, so that the message may have arrived. */
  readonly wasAmbiguous: boolean;
  /** Recipients refused for good, over all tries. */
  readonly refused: readonly string[];
}

/**
 * Tries until success, a permanent failure, or the end of tries or budget. The wait is the longer of
 * the server's hint and our backoff; a hint is never shortened: one that passes the budget ends the
 * loop at once.
 * @param attempt gets the try's time limit in ms.
 */
export const withRetry = async (
  attempt: (tryMs: number, waiting: readonly string[] | null) => Promise<AttemptResult>,
  options: {
    readonly policy: RetryPolicy;
    readonly clock: Clock;
    readonly random: () => number;
    readonly waiting: readonly string[] | null;
    /** Ends after this many tries whose answer was cut off: each may have arrived. Default: no such end. */
    readonly ambiguousTries?: number | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<RetryOutcome> => {
  const { policy, clock, random, signal } = options;
  const endAtMs = clock.now() + policy.budgetMs;
  const refused: string[] = [];
  let waiting = options.waiting;
  let ambiguous = 0;
  let attempts = 0;
  for (;;) {
    const leftMs = Math.max(1, endAtMs - clock.now());
    const result = await attempt(Math.min(policy.tryMs, leftMs), waiting);
    if (result.kind !== 'transient' || !result.isHeld) attempts++;
    refused.push(...result.refused);
    if (result.kind !== 'transient')
      return { result, attempts, notBefore: null, wasAmbiguous: ambiguous > 0, refused };
    if (result.isAmbiguous) ambiguous++;
    waiting = result.waiting ?? waiting;
    const nowMs = clock.now();
    const outcome: RetryOutcome = {
      result: { ...result, waiting },
      attempts,
      notBefore: result.hintMs === null ? null : nowMs + result.hintMs,
      wasAmbiguous: ambiguous > 0,
      refused,
    };
    const backoffMs = random() * policy.backoffMs * 2 ** Math.max(0, attempts - 1);
    const waitMs = Math.max(result.hintMs ?? 0, backoffMs);
    const isOver =
      attempts >= policy.tries ||
      (result.isConfig === true && attempts >= configTries) ||
      ambiguous >= (options.ambiguousTries ?? policy.tries) ||
      nowMs + waitMs >= endAtMs ||
      result.isCancelled === true ||
      // The channel's own rate is used up for this command: trying again can't change that.
      (result.isHeld === true && result.hintMs === null);
    if (isOver || signal?.aborted) return outcome;
    try {
      await clock.sleep(waitMs, signal);
    } catch (error) {
      if (signal?.aborted) return outcome;
      throw error;
    }
  }
};
