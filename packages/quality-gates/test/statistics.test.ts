import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hodgesLehmann, mannWhitney } from '../src/rank-test.ts';
import { normalQuantile, wilsonBound } from '../src/wilson.ts';

describe('statistics', () => {
  it.each([
    // R 4.2: qnorm(p)
    [0.99, 2.3263478740408408],
    [0.95, 1.6448536269514722],
    [0.6, 0.2533471031357997],
    [0.999, 3.0902323061678132],
  ])('qnorm(%d) is %d', (p, z) => {
    expect(normalQuantile(p)).toBeCloseTo(z, 12);
  });

  it('has the Wilson bounds of 6 in 20, 2 in 20 and all', () => {
    const z = normalQuantile(0.99);
    expect(wilsonBound(6, 20, z)).toBeCloseTo(0.1269, 3);
    expect(wilsonBound(2, 20, z)).toBeLessThan(0.05);
    expect(wilsonBound(20, 20, -z)).toBeCloseTo(1, 12);
    expect(wilsonBound(30, 20, z)).toBe(wilsonBound(20, 20, z));
  });

  it('agrees with R: wilcox.test(c(10,20,30,40), c(1,2,3,4))', () => {
    const [x, y] = [
      [10, 20, 30, 40],
      [1, 2, 3, 4],
    ];
    expect(mannWhitney(x, y, 'greater')).toEqual({ u: 16, p: 1 / 70 });
    expect(mannWhitney(x, y, 'less').p).toBe(1);
    expect(mannWhitney(y, x, 'less')).toEqual({ u: 0, p: 1 / 70 });
    expect(hodgesLehmann(x, y)).toBe(22.5);
  });

  it('agrees with the published example of Hollander and Wolfe, and its p of 0.1272 (one-sided)', () => {
    // R: ?wilcox.test, "depression"/permeability data: W = 35, p-value = 0.1272 for "greater".
    const x = [0.8, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46];
    const y = [1.15, 0.88, 0.9, 0.74, 1.21];
    const { u, p } = mannWhitney(x, y, 'greater');
    expect(u).toBe(35);
    expect(p).toBeCloseTo(0.1272, 4);
  });

  it('agrees with R on ties: wilcox.test(Ozone ~ Month, airquality, Month %in% c(5, 8))', () => {
    // R: ?wilcox.test and ?airquality (Chambers et al. 1983): W = 127.5, p-value = 0.0001208, two-sided.
    const may = [
      41, 36, 12, 18, 28, 23, 19, 8, 7, 16, 11, 14, 18, 14, 34, 6, 30, 11, 1, 11, 4, 32, 23, 45,
      115, 37,
    ];
    const august = [
      39, 9, 16, 78, 35, 66, 122, 89, 110, 44, 28, 65, 22, 59, 23, 31, 44, 21, 9, 45, 168, 73, 76,
      118, 84, 85,
    ];
    const { u, p } = mannWhitney(may, august, 'less');
    expect(u).toBe(127.5);
    expect((2 * p).toPrecision(4)).toBe('0.0001208');
    expect(mannWhitney(august, may, 'greater').p).toBe(p);
    expect(mannWhitney([1, 1, 1], [1, 1, 1], 'greater').p).toBe(1);
  });

  it.each([
    // The usual table of critical values (two-sided 0.05), from Mann and Whitney 1947 and its successors.
    [5, 8, 6],
    [8, 8, 13],
    [9, 14, 31],
    [10, 10, 23],
    [12, 15, 49],
    [15, 15, 64],
    [20, 20, 127],
  ])('is significant at n = %d, m = %d up to a U of %d', (n, m, critical) => {
    const y = Array.from({ length: m }, (_, i) => i + 1);
    const p = (wanted: number) => {
      let left = wanted;
      const x = Array.from({ length: n }, (_, i) => {
        const above = Math.min(left, m);
        left -= above;
        return above + 0.5 + i / 100;
      });
      const found = mannWhitney(x, y, 'less');
      expect(found.u).toBe(wanted);
      expect(mannWhitney(y, x, 'greater').p).toBeCloseTo(found.p, 12);
      return found.p;
    };
    expect(p(critical)).toBeLessThanOrEqual(0.025);
    expect(p(critical + 1)).toBeGreaterThan(0.025);
  });

  it('finds the median of all differences exactly', () => {
    const side = fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(side, side, (x, y) => {
        const all = x.flatMap((a) => y.map((b) => a - b)).sort((a, b) => a - b);
        const middle = (all.length - 1) / 2;
        const expected = ((all[Math.floor(middle)] ?? 0) + (all[Math.ceil(middle)] ?? 0)) / 2;
        expect(hodgesLehmann(x, y)).toBe(expected + 0);
      }),
    );
  });
});
