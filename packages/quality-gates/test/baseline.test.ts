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

  it('has no data where the baseline is below 0: a multiple of that is no limit', () => {
    const before = baseline.map((sample) => ({ ...sample, metrics: { x: -10 } }));
    const { gates, decision } = replay(only(gate), x(...new Array(21).fill(-10)), {
      baseline: before,
    });
    expect([decision, gates['gate']?.verdict]).toEqual(['inconclusive', 'nodata']);
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

  it.each([
    ['the baseline', 7, 21],
    ['the baseline, which is empty,', 0, 21],
    ['the watch', 21, 7],
  ])('is pending, and no promotion, where %s is too small to tell', (_side, before, after) => {
    const { decision, gates, reasons } = replay(
      only({ ...gate, noData: { after: 99 } }),
      x(...values(150).map((value, i) => (i < 21 - after ? null : value))),
      { startedAt: 0, baseline: baseline.slice(0, before) },
    );
    expect([decision, gates['gate']?.verdict]).toEqual(['inconclusive', 'pending']);
    expect(reasons).toEqual([gates['gate']?.sentence]);
  });

  it('is judged from 8 readings a side on', () => {
    const { decision } = replay(
      only({ ...gate, noData: { after: 99 } }),
      x(...values(150).map((value, i) => (i < 13 ? null : value))),
      { startedAt: 0, baseline: baseline.slice(0, 8) },
    );
    expect(decision).toBe('rollback');
  });
});

describe('what a policy says of itself', () => {
  it('explains how fast a dead service is noticed', () => {
    const policy = policyOf(productionGates, { pollCadence: { suspect: 10 } });
    const text = explain(policy).join('\n');
    expect(text).toContain(
      'breaks on the 3rd non-OK check in a row: 60 to 90 s after the service dies in the first 5 minutes, 240 to 360 s later; 20 to 140 s with `suspect: 10`',
    );
    expect(text).toContain('39 polls');
    // A policy without suspect polls is told what they would bring; one that polls as often is not.
    expect(explain(policyOf()).join('\n')).toBe(text);
    const often = policyOf(productionGates, { pollCadence: { initial: 5, normal: 10 } });
    expect(explain(often)[1]).toContain('in the first 5 minutes, 20 to 30 s later (then');
    const early = policyOf(productionGates, { duration: 5 });
    expect(explain(early)[1]).toContain(
      'row: 60 to 90 s after the service dies; 20 to 50 s with `suspect: 10` (then',
    );
  });

  it('measures up to it with suspect polls', () => {
    const policy = policyOf(productionGates, { pollCadence: { suspect: 10 } });
    const delay = (dies: number) => live(policy, (s) => ({ ok: s <= dies })).second - dies;
    expect([delay(2099.999), delay(2100), delay(2219.999)]).toEqual([
      expect.closeTo(20, 2),
      140,
      expect.closeTo(20, 2),
    ]);
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
    [
      'a streak longer than what can be judged',
      { kind: 'ratio', rate: 'x', threshold: 5, timeWindow: 60, minSamples: 30, for: 11 },
      'asks for 11 polls beyond, and at most 10 of 39 can be judged',
    ],
    [
      'a share under nothing',
      { kind: 'share', threshold: 0, below: true, timeWindow: 5 },
      'under 0',
    ],
    [
      'checks turned round',
      { kind: 'consecutive', threshold: 1, below: true },
      'a check that is OK',
    ],
    ['more failing checks than polls', { kind: 'consecutive', threshold: 39 }, 'can hardly break'],
    [
      'a baseline that brings too little',
      { kind: 'compare', gauge: 'x', tolerance: 0.1 },
      'needs a baseline',
    ],
    ['only observing', { ...level, mode: 'observe' }, 'every gate only observes'],
  ])('warns of %s', (_title, gate, warning) => {
    expect(gateWarnings(policyOf({ gate })).join('\n')).toContain(warning);
  });
});
