import { createRows, type Rows } from './rows.ts';

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
  /** Over the window; 0 without a reading. */
  increase(series: number): number;
  /** Between the newest two readings; 0 with fewer. */
  newestIncrease(series: number): number;
  /** Which series fell more often than a restart explains, or -1. */
  unsteady(): number;
};

export const createCounterWindow = (windowMs: number): CounterWindow => {
  const rows = createRows();
  /** By series: the value before each fall, at the time that it was read. */
  let falls: Rows[] = [];
  let uncounted = -Infinity;

  const forget = (of: Rows | undefined, until: number) => {
    while (of?.hasUntil(until)) of.shift();
  };
  const increase = (series: number): number => {
    if (rows.size === 0) return 0;
    let from = rows.valueOf(0, series);
    let sum = 0;
    const restarts = falls[series];
    for (let index = 0; index < (restarts?.size ?? 0); index++) {
      sum += (restarts?.valueOf(index, 0) ?? 0) - from;
      from = 0;
    }
    return sum + rows.valueOf(rows.size - 1, series) - from;
  };
  const newestIncrease = (series: number): number => {
    if (rows.size < 2) return 0;
    const from = rows.valueOf(rows.size - 2, series);
    const to = rows.valueOf(rows.size - 1, series);
    return to < from ? to : to - from;
  };
  return {
    push: (at, values, counted = true) => {
      const last = rows.size - 1;
      if (last >= 0)
        for (let series = 0; series < values.length; series++) {
          const before = rows.valueOf(last, series);
          if ((values[series] ?? 0) >= before) continue;
          const ofSeries = falls[series] ?? createRows();
          ofSeries.push(rows.timeOf(last), [before]);
          falls[series] = ofSeries;
        }
      if (!counted) uncounted = at;
      rows.push(at, values);
    },
    slide: (at) => {
      const until = at - windowMs;
      forget(rows, until);
      for (const series of falls) forget(series, until);
    },
    clear: () => {
      rows.clear();
      falls = [];
    },
    get readings() {
      return rows.size - (rows.hasUntil(uncounted) ? 1 : 0);
    },
    increase,
    newestIncrease,
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
