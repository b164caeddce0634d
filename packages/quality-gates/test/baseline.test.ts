import { describe, expect, it } from 'vitest';
import { gateWarnings } from '../src/config.ts';
import { explain, replay } from '../src/index.ts';
import { live } from './support/live.ts';
import { policyOf, productionGates } from './support/policies.ts';
import { breakAt, level, only, x } from './support/polls.ts';

describe('relative to a baseline', () => {
  const gate = { kind: 'quantile', gauge: 'x', relativeTo: 'baseline', factor: 3, timeWindow: 5 };
  const baseline = x(10, 12, 10, 12, 10).map((sample, i) => ({
    ...sample,
    at: -200_000 + i * 15_000,
  }));
  it('breaks over factor × its value, three polls in a row', () => {
    const policy = only(gate);
    expect(breakAt(policy, x(...new Array(9).fill(31)), { baseline })).toBe(120);
    expect(breakAt(policy, x(...new Array(9).fill(30)), { baseline })).toBeNull();
    expect(replay(policy, x(1), { baseline }).gates['gate']?.threshold).toBe(30);
  });

  it('has no data without one', () => {
    const { gates } = replay(only(gate), x(...new Array(9).fill(1000)));
    expect(gates['gate']).toMatchObject({ verdict: 'nodata', suspicious: false });
    expect(gates['gate']?.sentence).toContain('no baseline');
  });
});

describe('a comparison with the baseline', () => {
  const gate = { kind: 'compare', gauge: 'x', tolerance: 0.1 };
  const values = (from: number) => Array.from({ length: 21 }, (_, i) => from + (i % 7));
  const baseline = x(...values(100)).map((sample, i) => ({ ...sample, at: -900_000 + i * 30_000 }));
  const run = (from: number, scale = 1, more = {}) =>
    replay(only({ ...gate, scale, ...more }), x(...values(from)), { startedAt: 0, baseline });
  it('is judged once, at the end', () => {
    const { history, decision, at } = run(150);
    expect([decision, at]).toEqual(['rollback', 600_000]);
    expect(new Set(history.slice(0, -1).map(({ gates }) => gates['gate']?.verdict))).toEqual(
      new Set(['pending']),
    );
  });

  it.each([
    ['the same', 100, {}, 'promote'],
    ['worse within the tolerance', 105, {}, 'promote'],
    ['worse', 150, {}, 'rollback'],
    ['better', 50, {}, 'promote'],
    ['lower where that is worse', 50, { below: true }, 'rollback'],
  ])('%s', (_title, from, more, decision) => {
    expect(run(from, 1, more).decision).toBe(decision);
    for (const scale of [0.001, 1e9]) expect(run(from, scale, more).decision).toBe(decision);
  });

  it('is no promotion where a side is too small to tell', () => {
    const few = baseline.slice(0, 7);
    expect(replay(only(gate), x(...values(100)), { startedAt: 0, baseline: few }).decision).toBe(
      'inconclusive',
    );
  });
});

describe('what a policy says of itself', () => {
  it('explains how fast a dead service is noticed', () => {
    const policy = policyOf(productionGates, { pollCadence: { suspect: 10 } });
    const text = explain(policy).join('\n');
    expect(text).toContain(
      'breaks on the 3rd non-OK check in a row: 60 to 90 s after the service dies in the first 5 min, 240 to 360 s later; 20 to 140 s with suspect: 10',
    );
    expect(text).toContain('39 polls');
  });

  it('measures up to it', () => {
    const delays = [0, 1, 29, 30, 31].map(
      (after) => live(policyOf(), (s) => ({ ok: s <= 60 + after })).second - 60 - after,
    );
    for (const delay of delays) expect(delay).toBeGreaterThanOrEqual(60);
    for (const delay of delays) expect(delay).toBeLessThanOrEqual(90);
  });

  it.each([
    [
      'a window with too few polls',
      { kind: 'ratio', rate: 'x', threshold: 5, timeWindow: '90s' },
      'at only',
    ],
    [
      'a window that none fit in',
      { kind: 'ratio', rate: 'x', threshold: 5, timeWindow: '10s' },
      'can never be judged',
    ],
    ['a share over 100', { kind: 'share', threshold: 100, timeWindow: 10 }, 'can never break'],
    [
      'a window over the watch',
      { kind: 'share', threshold: 10, timeWindow: 90 },
      'longer than the watch',
    ],
    [
      'no baseline',
      { kind: 'level', gauge: 'x', relativeTo: 'baseline', factor: 2 },
      'needs a baseline',
    ],
    ['a long streak', { ...level, for: 40 }, 'can never break'],
    ['only observing', { ...level, mode: 'observe' }, 'every gate only observes'],
  ])('warns of %s', (_title, gate, warning) => {
    expect(gateWarnings(policyOf({ gate })).join('\n')).toContain(warning);
  });
});
