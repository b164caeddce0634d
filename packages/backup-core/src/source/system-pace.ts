import { performance } from 'node:perf_hooks';

/** A call that took longer had to wait for the disk; one that is answered from memory takes a tenth of this. */
const WAITED_MS = 0.1;
/** So many calls are left to the pool after one that waited. */
const LEFT_TO_POOL = 16;
/** After so many in a row one is the pool's, so that the event loop turns: signals and timers wait for at most some milliseconds. */
const MOST_IN_A_ROW = 256;

/**
 * Whether small questions to the system are asked at once or by Node's pool of threads. The pool costs about 20 µs for each call,
 * several times what the call takes where its answer lies in memory; on a disk that has to be waited for, it waits for
 * several at a time, and nothing else has to wait.
 */
export interface SystemPace {
  /** Runs `call`, or returns null: this one is the pool's. */
  atOnce<T>(call: () => T): T | null;
}

/** @param now a clock that never goes back, ms */
export const systemPace = (now = () => performance.now()): SystemPace => {
  let left = 0;
  let inARow = 0;
  return {
    atOnce: (call) => {
      if (inARow === MOST_IN_A_ROW) left = 1;
      if (left > 0) {
        left -= 1;
        inARow = 0;
        return null;
      }
      inARow += 1;
      const startedMs = now();
      try {
        return call();
      } finally {
        if (now() - startedMs > WAITED_MS) left = LEFT_TO_POOL;
      }
    },
  };
};
