import { createQueue, type Queue } from './queue.ts';

type Reading = { readonly at: number; readonly values: readonly number[] };
type Fall = { readonly before: number; readonly value: number };

/** More falls of one counter than this within a window are no restarts: several processes answer. */
const mostRestarts = 2;

/**
 * Counters read together, over a sliding window. An increase is the sum of rises between neighbours
 * in the window; a fall is a restart and adds the new reading itself. Nothing is summed up and
 * subtracted again, so nothing drifts: without falls it is newest − oldest, and each fall adds the
 * value before it.
 */
export type CounterWindow = {
  /** Takes a reading; `counted: false` for a starting point from before the watch. */
  push(at: number, values: readonly number[], counted?: boolean): void;
  /** Forgets what is at or before `at − windowMs`. */
  slide(at: number): void;
  /** Forgets everything, falls too: what comes next is not comparable to it. */
  clear(): void;
  readonly readings: number;
  /** Over the window. */
  increase(series: number): number;
  /** Between the newest two readings; 0 with fewer. */
  newestIncrease(series: number): number;
  /** Which series fell more often than a restart explains, or -1. */
  unsteady(): number;
};

export const createCounterWindow = (windowMs: number): CounterWindow => {
  const readings = createQueue<Reading>();
  let falls: Queue<Fall>[] = [];
  let uncounted = -Infinity;

  const rise = (from: number, to: number) => (to < from ? to : to - from);
  return {
    push: (at, values, counted = true) => {
      const last = readings.at(-1);
      if (last)
        values.forEach((value, series) => {
          const before = last.values[series] ?? 0;
          if (value >= before) return;
          falls[series] ??= createQueue();
          falls[series].push({ before: last.at, value: before });
        });
      if (!counted) uncounted = at;
      readings.push({ at, values });
    },
    slide: (at) => {
      let oldest = readings.at(0);
      while (oldest && oldest.at <= at - windowMs) {
        readings.shift();
        oldest = readings.at(0);
      }
      for (const series of falls) {
        let fall = series?.at(0);
        while (fall && fall.before <= at - windowMs) {
          series?.shift();
          fall = series?.at(0);
        }
      }
    },
    clear: () => {
      while (readings.shift());
      falls = [];
    },
    get readings() {
      const oldest = readings.at(0);
      return readings.size - (oldest && oldest.at <= uncounted ? 1 : 0);
    },
    increase: (series) => {
      const newest = readings.at(-1)?.values[series] ?? 0;
      let from = readings.at(0)?.values[series] ?? 0;
      let sum = 0;
      const restarts = falls[series];
      for (let index = 0; index < (restarts?.size ?? 0); index++) {
        sum += (restarts?.at(index)?.value ?? 0) - from;
        from = 0;
      }
      return sum + newest - from;
    },
    newestIncrease: (series) => {
      const before = readings.at(-2);
      // Past the head of the queue there are only readings that were forgotten.
      if (readings.size < 2 || before === undefined) return 0;
      return rise(before.values[series] ?? 0, readings.at(-1)?.values[series] ?? 0);
    },
    unsteady: () => falls.findIndex((series) => (series?.size ?? 0) > mostRestarts),
  };
};

/** One counter's increase since its first reading, restarts included: for the share over the whole watch. */
export const createTotalIncrease = (): { push(value: number): void; readonly increase: number } => {
  let closed = 0;
  let from: number | null = null;
  let last = 0;
  return {
    push: (value) => {
      if (from === null) from = value;
      else if (value < last) {
        closed += last - from;
        from = 0;
      }
      last = value;
    },
    get increase() {
      return from === null ? 0 : closed + last - from;
    },
  };
};
