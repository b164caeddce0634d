/** A clock whose time moves only when everyone who uses it sleeps, or by {@link FakeClock.advance}. */
export interface FakeClock {
  /** Unix epoch, ms. */
  now(): number;
  /** Ms that nobody can set; goes on with every sleep and advance. */
  monotonicMs(): number;
  /** Resolves once fake time has reached now + ms; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Moves time on by ms without waking anyone: a machine that slept, a slow poll. */
  advance(ms: number): void;
  /** Sets the wall clock by ms; negative: back. No time passes. */
  step(ms: number): void;
}

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/**
 * Starts at `startMs`. Whenever the process has nothing else ready to run and someone sleeps, time
 * jumps to the earliest sleeper: an hour-long watch takes milliseconds, in the right order.
 */
export const fakeClock = (startMs = 0): FakeClock => {
  // Of the monotonic clock; the wall clock is ahead of it by what it was set.
  let nowMs = startMs;
  let aheadMs = 0;
  const sleepers = new Set<Sleeper>();
  let scheduled = false;

  const wakeEarliest = () => {
    scheduled = false;
    const earliest = [...sleepers].reduce<Sleeper | undefined>(
      (first, next) => (first === undefined || next.dueMs < first.dueMs ? next : first),
      undefined,
    );
    if (earliest === undefined) return;
    nowMs = Math.max(nowMs, earliest.dueMs);
    sleepers.delete(earliest);
    earliest.wake();
    schedule();
  };
  const schedule = () => {
    if (scheduled || sleepers.size === 0) return;
    scheduled = true;
    setImmediate(wakeEarliest);
  };

  return {
    now: () => nowMs + aheadMs,
    monotonicMs: () => nowMs,
    step: (ms) => {
      aheadMs += ms;
    },
    advance: (ms) => {
      nowMs += ms;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + Math.max(0, ms),
          wake: () => {
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
        schedule();
      }),
  };
};
