import { createExactSum } from './exact-sum.ts';
import { createQueue } from './queue.ts';
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

type Item = { readonly at: number; readonly value: number; weight: number };

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
  const items = createQueue<Item>();
  const keeper = averaging === 'mean' ? meanKeeper() : medianKeeper();
  const held = (from: number, to: number) => Math.min(to - from, longestMs);
  return {
    push: (at, value) => {
      const before = items.at(-1);
      if (items.size > 0 && before) {
        before.weight = held(before.at, at);
        keeper.add(before.value, before.weight);
      }
      items.push({ at, value, weight: 0 });
    },
    slide: (at) => {
      let oldest = items.at(0);
      while (oldest && oldest.at <= at - windowMs) {
        items.shift();
        // The newest has no weight of its own yet.
        if (oldest.weight > 0) keeper.remove(oldest.value, oldest.weight);
        oldest = items.at(0);
      }
    },
    get readings() {
      return items.size;
    },
    get newest() {
      return items.at(-1)?.value ?? null;
    },
    measure: (at, limit) => {
      const newest = items.at(-1);
      return newest ? keeper.measure(newest.value, held(newest.at, at), limit) : null;
    },
  };
};
