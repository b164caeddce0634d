import { expect, it } from 'vitest';
import { quantileOf, recentHashes, recentWindowMs } from '../src/recent-hashes.ts';

it('has no figures without pictures', () =>
  expect(recentHashes().figures(0)).toEqual({ avgMs: null, p95Ms: null, failuresPercent: null }));

it('counts failures among all pictures, and times of those that were hashed', () => {
  const recent = recentHashes();
  for (const ms of [10, 20, null, 60]) recent.add(1000, ms);
  expect(recent.figures(1000)).toEqual({ avgMs: 30, p95Ms: 60, failuresPercent: 25 });
});

it('forgets a picture when it is ten minutes old, not before', () => {
  const recent = recentHashes();
  recent.add(0, null);
  recent.add(1, 5);
  expect(recent.figures(recentWindowMs - 1).failuresPercent).toBe(50);
  expect(recent.figures(recentWindowMs)).toEqual({ avgMs: 5, p95Ms: 5, failuresPercent: 0 });
});

it.each([
  [[1, 2, 3, 4], 0.5, 2],
  [[1, 2, 3, 4], 0.51, 3],
  [Array.from({ length: 100 }, (_, i) => i + 1), 0.95, 95],
  [[7], 0, 7],
  [[], 0.95, null],
])('quantile of %j at %d', (sorted, share, expected) =>
  expect(quantileOf(sorted, share)).toBe(expected),
);
