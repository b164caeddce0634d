/** Consecutive OK answers that make a service healthy. */
export const healthyInARow = 3;
/** Between two OK answers, and the longest between two others, ms. */
const longestPauseMs = 1000;
/** Right after a start, ms. */
const firstPauseMs = 100;

/** A start is noticed at most a tenth later than it took; from its first OK on, the answers prove nothing unless apart. */
const pauseMs = (waitedMs: number, inARow: number): number =>
  inARow > 0
    ? longestPauseMs
    : Math.min(longestPauseMs, Math.max(firstPauseMs, Math.round(waitedMs / 10)));

export interface HealthWait {
  readonly check: (
    signal: AbortSignal,
  ) => Promise<{ readonly ok: boolean | null; readonly reason?: string | undefined }>;
  readonly clock: {
    now(): number;
    /** Ms that nobody can set: what the wait is measured by. Absent: `now()`. */
    monotonicMs?(): number;
    sleep(ms: number, signal?: AbortSignal): Promise<void>;
  };
  readonly signal: AbortSignal;
  /** Longest until the last of the answers, ms. */
  readonly budgetMs: number;
}

export type HealthOutcome =
  | {
      readonly ok: true;
      readonly checks: number;
      readonly ms: number;
      /** From the beginning to the first of the answers that counted, ms: so long it was down. */
      readonly firstOkMs: number;
    }
  | {
      readonly ok: false;
      /** What the last answer said. */
      readonly last: string;
      readonly checks: number;
      readonly ms: number;
    };

/** Asks until a service has answered OK `healthyInARow` times in a row, or the budget is spent. */
export const waitUntilHealthy = async (wait: HealthWait): Promise<HealthOutcome> => {
  const { check, clock, signal, budgetMs } = wait;
  const elapsedMs = () => clock.monotonicMs?.() ?? clock.now();
  const startedAtMs = elapsedMs();
  let inARow = 0;
  let firstOkMs = 0;
  for (let checks = 1; ; checks++) {
    const reading = await check(signal);
    signal.throwIfAborted();
    inARow = reading.ok === true ? inARow + 1 : 0;
    const ms = elapsedMs() - startedAtMs;
    if (inARow === 1) firstOkMs = ms;
    if (inARow === healthyInARow) return { ok: true, checks, ms, firstOkMs };
    if (ms >= budgetMs) {
      const last = reading.ok === true ? 'OK' : (reading.reason ?? 'no reason given');
      return { ok: false, last, checks, ms };
    }
    await clock.sleep(Math.min(pauseMs(ms, inARow), budgetMs - ms), signal);
  }
};
