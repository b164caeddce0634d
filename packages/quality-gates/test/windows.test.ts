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
  it('slide: an increase is newest − oldest', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 30 }), { minLength: 1 }), (rises) => {
        const window = createCounterWindow(70);
        let sum = 0;
        rises.forEach((rise, index) => {
          sum += rise;
          window.push(index * 10, [sum], index % 3 !== 0);
          window.slide(index * 10);
          const from = Math.max(0, index - 6);
          const within = rises.slice(from + 1, index + 1).reduce((all, each) => all + each, 0);
          expect(window.increase(0)).toBe(within);
          expect(window.newestIncrease(0)).toBe(index === 0 ? 0 : rise);
          const counted = rises.filter((_, i) => i >= from && i <= index && i % 3 !== 0);
          expect(window.readings).toBe(counted.length);
        });
      }),
    );
  });

  it('may become more: what was not there before had 0', () => {
    const window = createCounterWindow(100);
    window.push(0, [], true);
    window.push(10, [3], true);
    window.push(20, [3, 4], true);
    expect([window.increase(0), window.increase(1), window.increase(2)]).toEqual([3, 4, 0]);
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
    else expect(got?.value).toBeCloseTo(expected, 12);
  });
});
