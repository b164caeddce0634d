import { uptime } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

/** The time that a watch lives in: real in a run, fake in a test. */
export interface Clock {
  /** Wall clock, Unix epoch, ms. It may be set; a watch only takes its start from it. */
  now(): number;
  /**
   * Ms since any moment, which nobody can set and which go on while the machine sleeps. Waits and due times run on it.
   * Absent: `now()`, and then a watch does what somebody does to the wall clock.
   */
  monotonicMs?(): number;
  /** Resolves once `ms` have passed; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Two clocks that are read one after the other, one in steps of 10 ms, seem to differ by less than this, ms. */
const readingNoiseMs = 500;

/**
 * A clock that nobody sets and that counts sleep. Linux stands `performance.now` still while the machine sleeps and
 * goes on with its uptime; macOS counts sleep in both, and there uptime follows the wall clock.
 */
const openMonotonic = (): (() => number) => {
  if (process.platform !== 'linux') return () => performance.now();
  let aheadMs = uptime() * 1000 - performance.now();
  let sleptMs = 0;
  return () => {
    const awakeMs = performance.now();
    const driftMs = uptime() * 1000 - awakeMs - aheadMs;
    if (driftMs > readingNoiseMs) {
      sleptMs += driftMs;
      aheadMs += driftMs;
    }
    return awakeMs + sleptMs;
  };
};

/** The machine's own clock. */
export const systemClock: Clock & { monotonicMs(): number } = {
  now: Date.now,
  monotonicMs: openMonotonic(),
  sleep: async (ms, signal) => {
    try {
      await delay(ms, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      // node:timers rejects with an AbortError of its own, not with the reason.
      throw signal?.aborted === true ? signal.reason : error;
    }
  },
};
