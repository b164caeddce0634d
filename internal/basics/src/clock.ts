import { uptime } from 'node:os';

/** Longest delay that a timer of Node takes, ms. */
const longestTimerMs = 2 ** 31 - 1;

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

/** Waits; rejects with the signal's own reason when it is aborted. */
const sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(
      () => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      },
      Math.min(ms, longestTimerMs),
    );
    signal?.addEventListener('abort', onAbort, { once: true });
  });

/** The machine's own clock: `now` is Unix epoch, ms; of `monotonicMs` only differences mean anything. */
export const openSystemClock = () => ({
  now: () => Date.now(),
  monotonicMs: openMonotonic(),
  sleep,
});
