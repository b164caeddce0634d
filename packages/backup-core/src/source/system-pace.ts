import { performance } from 'node:perf_hooks';

/** A call that took longer had to wait for the disk; one that is answered from memory takes a tenth of this. */
const WAITED_MS = 0.1;
/** So many calls are left to the pool after one that waited. */
const LEFT_TO_POOL = 16;

/**
 * Whether small questions to the system are asked at once or by Node's pool of threads. The pool costs about 20 µs for each call,
 * several times what the call takes where its answer lies in memory; on a disk that has to be waited for, it waits for
 * several at a time, and nothing else has to wait.
 */
export interface SystemPace {
  /** Runs `call`, or returns null: this one is the pool's. */
  atOnce<T>(call: () => T): T | null;
}

export const systemPace = (): SystemPace => {
  let left = 0;
  return {
    atOnce: (call) => {
      if (left > 0) {
        left -= 1;
        return null;
      }
      const startedMs = performance.now();
      try {
        return call();
      } finally {
        if (performance.now() - startedMs > WAITED_MS) left = LEFT_TO_POOL;
      }
    },
  };
};
