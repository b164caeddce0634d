import { createExactSum } from './exact-sum.ts';
import { createRows } from './rows.ts';
import { createWeightedOrder } from './weighted-order.ts';

/** What the readings of a window come to, and on which side of the limit. */
export type Measured = { readonly value: number; readonly beyond: boolean };

/**
 * A gauge over a sliding window, each reading weighted with the whole ms it holds: from its own time
 * to the next one's, the newest to now, none longer than `longestMs`.
 */
export type GaugeWindow = {
  push(at: number, value: number): void;
  /** Forgets what is at or before `at − windowMs`. */
  slide(at: number): void;
  readonly readings: number;
  readonly newest: number | null;
  /** At time `at`, against `limit`; `null` without readings. */
  measure(at: number, limit: number): Measured | null;
};

/** How the weights are kept: a sum for the mean, an order for the median. */
type Keeper = {
  add(value: number, weight: number): void;
  remove(value: number, weight: number): void;
  measure(newest: number, weight: number, limit: number): Measured;
};

const meanKeeper = (): Keeper => {
  const sum = createExactSum();
  let weights = 0;
  return {
    add: (value, weight) => {
      sum.addProduct(value, weight);
      weights += weight;
    },
    remove: (value, weight) => {
      sum.addProduct(value, -weight);
      weights -= weight;
    },
    measure: (newest, weight, limit) => {
      const total = weights + weight;
      // Every weight is 0: a lone reading at this very moment.
      if (total === 0) return { value: newest, beyond: newest > limit };
      const now = sum.copy();
      now.addProduct(newest, weight);
      const value = now.value() / total;
      now.addProduct(limit, -total);
      return { value, beyond: now.sign() > 0 };
    },
  };
};

const medianKeeper = (): Keeper => {
  const order = createWeightedOrder();
  return {
    add: order.add,
    remove: order.remove,
    measure: (newest, weight, limit) => {
      order.add(newest, weight);
      const value = order.lowerMedian() ?? newest;
      order.remove(newest, weight);
      return { value, beyond: value > limit };
    },
  };
};

/** Which of the two a gauge is measured by. */
export type Averaging = 'mean' | 'median';

export const createGaugeWindow = (
  averaging: Averaging,
  windowMs: number,
  longestMs: number,
): GaugeWindow => {
  const rows = createRows();
  const keeper = averaging === 'mean' ? meanKeeper() : medianKeeper();
  const held = (from: number, to: number) => Math.min(to - from, longestMs);
  return {
    push: (at, value) => {
      const last = rows.size - 1;
      if (last >= 0) keeper.add(rows.valueOf(last, 0), held(rows.timeOf(last), at));
      rows.push(at, [value]);
    },
    slide: (at) => {
      while (rows.hasUntil(at - windowMs)) {
        // The newest has no weight of its own yet.
        if (rows.size > 1) keeper.remove(rows.valueOf(0, 0), held(rows.timeOf(0), rows.timeOf(1)));
        rows.shift();
      }
    },
    get readings() {
      return rows.size;
    },
    get newest() {
      return rows.size > 0 ? rows.valueOf(rows.size - 1, 0) : null;
    },
    measure: (at, limit) => {
      const last = rows.size - 1;
      if (last < 0) return null;
      return keeper.measure(rows.valueOf(last, 0), held(rows.timeOf(last), at), limit);
    },
  };
};
