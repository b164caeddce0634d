import type { Clock } from '../../src/process/clock.ts';

/** Time that moves only where everybody waits for it: an hour of watching takes none. */
export interface VirtualClock extends Clock {
  /** Between one process and the next. */
  set(toMs: number): void;
}

interface Sleeper {
  readonly dueMs: number;
  readonly wake: () => void;
}

/** Work that the system does for this process, which takes no virtual time. */
const isBusy = (): boolean =>
  process.getActiveResourcesInfo().some((name) => /^FSReq|^Zlib|^Process/i.test(name));

/** @param startMs Unix epoch, ms */
export const virtualClock = (startMs: number): VirtualClock => {
  let nowMs = startMs;
  const sleepers = new Set<Sleeper>();
  let isScheduled = false;
  let idleTurns = 0;

  const turn = () => {
    isScheduled = false;
    idleTurns = isBusy() ? 0 : idleTurns + 1;
    // What one answer sets off may ask the system for more.
    if (idleTurns >= 3) wakeEarliest();
    schedule();
  };
  const wakeEarliest = () => {
    idleTurns = 0;
    const [earliest] = [...sleepers].sort((a, b) => a.dueMs - b.dueMs);
    if (earliest === undefined) return;
    nowMs = Math.max(nowMs, earliest.dueMs);
    sleepers.delete(earliest);
    earliest.wake();
  };
  const schedule = () => {
    if (isScheduled || sleepers.size === 0) return;
    isScheduled = true;
    if (isBusy()) setTimeout(turn, 1);
    else setImmediate(turn);
  };

  return {
    now: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    set: (toMs) => {
      nowMs = toMs;
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason);
        };
        const sleeper: Sleeper = {
          dueMs: nowMs + ms,
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
