import { normalBelow } from './normal.ts';

/** Which side of chance the p-value speaks of: is `x` greater, or less. Twice the smaller is the two-sided one. */
export type Alternative = 'greater' | 'less';

/** Larger samples than this, or ties, take the normal approximation. */
const mostExact = 20;

/** In how many of the equally likely orders U is each of 0 … n·m (Mann and Whitney, 1947). */
const orders = (n: number, m: number): number[] => {
  // Coefficients of the Gaussian binomial: multiply by (1 − q^(m+i)), divide by (1 − q^i).
  const counts = new Array<number>(n * m + 1).fill(0);
  counts[0] = 1;
  for (let i = 1; i <= n; i++) {
    for (let u = n * m; u >= m + i; u--) counts[u] = (counts[u] ?? 0) - (counts[u - m - i] ?? 0);
    for (let u = i; u <= n * m; u++) counts[u] = (counts[u] ?? 0) + (counts[u - i] ?? 0);
  }
  return counts;
};

const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort();

/** U of `x`: pairs in which x is greater, ties a half; and Σ(t³ − t) over the groups of ties. */
const rank = (x: readonly number[], y: readonly number[]): { u: number; ties: number } => {
  const all = ascending([...x, ...y]);
  const middle = new Map<number, number>();
  let ties = 0;
  for (let start = 0, end = 0; start < all.length; start = end) {
    while (end < all.length && all[end] === all[start]) end += 1;
    const size = end - start;
    ties += size ** 3 - size;
    middle.set(all[start] ?? 0, (start + end + 1) / 2);
  }
  const sum = x.reduce((total, value) => total + (middle.get(value === 0 ? 0 : value) ?? 0), 0);
  return { u: sum - (x.length * (x.length + 1)) / 2, ties };
};

/**
 * Mann–Whitney U test, as R's `wilcox.test(x, y, alternative)`: exact up to 20 × 20 without ties, else
 * the normal approximation with tie and continuity correction. p is 1 where there is nothing to tell.
 */
export const mannWhitney = (
  x: readonly number[],
  y: readonly number[],
  alternative: Alternative,
): { readonly u: number; readonly p: number } => {
  const [n, m] = [x.length, y.length];
  const { u, ties } = rank(x, y);
  if (ties === 0 && Math.max(n, m) <= mostExact) {
    const counts = orders(n, m);
    const all = counts.reduce((sum, count) => sum + count, 0);
    // The distribution is symmetric: as many orders have at most n·m − U as have at least U.
    const least = alternative === 'greater' ? u : n * m - u;
    return { u, p: counts.slice(least).reduce((sum, count) => sum + count, 0) / all };
  }
  const size = n + m;
  const sigma = Math.sqrt(((n * m) / 12) * (size + 1 - ties / (size * (size - 1))));
  if (!(sigma > 0)) return { u, p: 1 };
  const distance = (u - (n * m) / 2) * (alternative === 'greater' ? 1 : -1);
  return { u, p: normalBelow((0.5 - distance) / sigma) };
};

/**
 * Median of all differences x − y, exact: found by bisection between neighbouring doubles, counting
 * pairs along the sorted lists, so that a million pairs need no list of a million.
 */
export const hodgesLehmann = (x: readonly number[], y: readonly number[]): number | null => {
  if (x.length === 0 || y.length === 0) return null;
  const [xs, ys] = [ascending(x), ascending(y)];
  const lowest = (xs[0] ?? 0) - (ys.at(-1) ?? 0);
  const highest = (xs.at(-1) ?? 0) - (ys[0] ?? 0);
  const pairsUpTo = (difference: number): number => {
    let count = 0;
    let from = 0;
    for (const value of xs) {
      while (from < ys.length && value - (ys[from] ?? 0) > difference) from += 1;
      count += ys.length - from;
    }
    return count;
  };
  const smallest = (wanted: number): number => {
    if (pairsUpTo(lowest) >= wanted) return lowest;
    let low = lowest;
    let high = highest;
    for (;;) {
      const middle = (low + high) / 2;
      if (middle <= low || middle >= high) return high;
      if (pairsUpTo(middle) >= wanted) high = middle;
      else low = middle;
    }
  };
  const pairs = xs.length * ys.length;
  // + 0: -0 is no shift to show.
  return (smallest(Math.ceil(pairs / 2)) + smallest(Math.floor(pairs / 2) + 1)) / 2 + 0;
};
