import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCounterWindow } from '../src/windows/counter-window.ts';
import { createExactSum } from '../src/windows/exact-sum.ts';
import { createGaugeWindow } from '../src/windows/gauge-window.ts';
import { histogramQuantile } from '../src/windows/histogram-quantile.ts';
import { createWeightedOrder } from '../src/windows/weighted-order.ts';

const reading = fc.record({
  gap: fc.integer({ min: 1, max: 200 }),
  value: fc.double({ min: -1e6, max: 1e6, noNaN: true }),
});

describe('sums that slide', () => {
  it('leave no trace of what was taken away', () => {
    const sum = createExactSum();
    sum.add(0.1);
    for (const value of [1e16, 3.3, -7e-9, 1e300]) {
      sum.addProduct(value, 7);
      sum.addProduct(value, -7);
    }
    expect(sum.value()).toBe(0.1);
    sum.add(-0.1);
    expect(sum.sign()).toBe(0);
  });

  it('are rounded once: 0.1 ten times is 1', () => {
    const sum = createExactSum();
    for (let i = 0; i < 10; i++) sum.add(0.1);
    expect(sum.value()).toBe(1);
    const halfway = createExactSum();
    for (const value of [1, 2 ** -53, 2 ** -106]) halfway.add(value);
    expect(halfway.value()).toBe(1 + 2 ** -52);
  });

  it.each(['mean', 'median'] as const)('agree with a %s worked out anew', (averaging) => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 1, maxLength: 60 }), (readings) => {
        const windowMs = 500;
        const longestMs = 120;
        const window = createGaugeWindow(averaging, windowMs, longestMs);
        const seen: { at: number; value: number }[] = [];
        let at = 0;
        for (const { gap, value } of readings) {
          at += gap;
          window.push(at, value);
          window.slide(at);
          seen.push({ at, value });
          const within = seen.filter((each) => each.at > at - windowMs);
          const weights = within.map((each, index) =>
            Math.min((within[index + 1]?.at ?? at) - each.at, longestMs),
          );
          const fresh = createGaugeWindow(averaging, windowMs, longestMs);
          for (const each of within) fresh.push(each.at, each.value);
          expect(window.measure(at, 10)).toEqual(fresh.measure(at, 10));
          expect(window.readings).toBe(within.length);
          const total = weights.reduce((sum, weight) => sum + weight, 0);
          if (total === 0) continue;
          const got = window.measure(at, 10);
          const weightWhere = (holds: (value: number) => boolean) =>
            within.reduce((sum, each, i) => sum + (holds(each.value) ? (weights[i] ?? 0) : 0), 0);
          if (averaging === 'median') {
            expect(got?.beyond).toBe(weightWhere((each) => each > 10) * 2 > total);
            const median = got?.value ?? Number.NaN;
            expect(weightWhere((each) => each <= median) * 2).toBeGreaterThanOrEqual(total);
            expect(weightWhere((each) => each < median) * 2).toBeLessThan(total);
          } else {
            const naive = within.reduce((sum, each, i) => sum + each.value * (weights[i] ?? 0), 0);
            expect(got?.value).toBeCloseTo(naive / total, 6);
          }
        }
      }),
    );
  });

  it('keep an order of values with weights', () => {
    const weighted = fc.array(
      fc.tuple(fc.integer({ min: -9, max: 9 }), fc.integer({ min: 0, max: 4 })),
    );
    fc.assert(
      fc.property(weighted, weighted, (kept, gone) => {
        const order = createWeightedOrder();
        for (const [value, weight] of [...gone, ...kept]) order.add(value, weight);
        for (const [value, weight] of gone) order.remove(value, weight);
        const flat = kept.flatMap(([value, weight]) => new Array<number>(weight).fill(value));
        flat.sort((a, b) => a - b);
        expect(order.total).toBe(flat.length);
        expect(order.lowerMedian()).toBe(flat[Math.ceil(flat.length / 2) - 1] ?? null);
      }),
    );
  });
});

describe('counters', () => {
  // Hand-checked: readings 10 s apart in a window of 40 s, the increase after each.
  it.each([
    ['rises', [0, 5, 7, 7], [0, 5, 7, 7]],
    ['a restart adds the new reading', [100, 110, 4, 9], [0, 10, 14, 19]],
    ['a restart to nothing', [100, 0, 0, 3], [0, 0, 0, 3]],
    ['two restarts', [10, 12, 1, 2, 0, 5], [0, 2, 3, 4, 2, 6]],
    ['what leaves the window', [0, 10, 20, 30, 40, 90], [0, 10, 20, 30, 30, 70]],
  ] as const)('%s', (_title, values, increases) => {
    const window = createCounterWindow(40);
    const got = values.map((value, index) => {
      window.push(index * 10, [value]);
      window.slide(index * 10);
      return window.increase(0);
    });
    expect(got).toEqual(increases);
  });

  it('that fall more than twice are no restarts, until the falls have left', () => {
    const window = createCounterWindow(100);
    const unsteady = [5, 1, 5, 1, 5, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((value, index) => {
      window.push(index * 10, [0, value]);
      window.slide(index * 10);
      return window.unsteady();
    });
    expect(unsteady).toEqual([-1, -1, -1, -1, -1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1]);
  });

  it('slide as they are recomputed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1 }), (values) => {
        const window = createCounterWindow(70);
        values.forEach((value, index) => {
          window.push(index * 10, [value]);
          window.slide(index * 10);
          const within = values.slice(Math.max(0, index - 6), index + 1);
          const increase = within.reduce((sum, now, i) => {
            const before = within[i - 1];
            return before === undefined ? sum : sum + (now < before ? now : now - before);
          }, 0);
          expect(window.increase(0)).toBe(increase);
          expect(window.readings).toBe(within.length);
        });
      }),
    );
  });
});

describe('histogram_quantile', () => {
  // Worked out by the rules of promql/quantile.go.
  it.each([
    [0.5, [1, 2, Infinity], [10, 10, 10], 0.5],
    [0.5, [1, 2, Infinity], [0, 10, 10], 1.5],
    [0.95, [100, 2000, Infinity], [5, 17, 20], 2000],
    [0.85, [100, 2000, Infinity], [5, 17, 20], 2000],
    [0.5, [100, 2000, Infinity], [5, 17, 20], 100 + 1900 * (5 / 12)],
    [0, [1, 2, Infinity], [0, 4, 4], 0],
    [1, [1, 2, Infinity], [1, 4, 4], 2],
    [0.5, [-1, 2, Infinity], [4, 4, 4], -1],
    [0.5, [1, 2, Infinity], [6, 4, 10], 5 / 6],
    [0.5, [1, 2, Infinity], [0, 0, 0], null],
    [0.5, [Infinity], [4], null],
  ])('q %d of %j %j is %d', (q, bounds, counts, expected) => {
    const got = histogramQuantile(q, bounds, counts);
    if (expected === null) expect(got).toBeNull();
    else expect(got).toBeCloseTo(expected, 12);
  });
});
