import { describe, expect, it } from 'vitest';
import { lookAtGates } from '../src/config.ts';
import { replay, type Sample } from '../src/index.ts';
import { only, polls } from './support/polls.ts';

type Page = Record<string, unknown>;
const before = (pages: readonly Page[]): Sample[] =>
  pages.map((metrics, i) => ({
    at: -1_000_000 + i * 15_000,
    health: { ok: true },
    metrics,
  }));
const counted = (polled: number, each: number, failing: number): Page[] =>
  Array.from({ length: polled }, (_, i) => ({ t: each * i, b: failing * i }));
const run = (gate: Page, baseline: readonly Page[], now: readonly Page[]) =>
  replay(only(gate), polls(now), { startedAt: 0, baseline: before(baseline) });

const ratio = {
  kind: 'ratio',
  bad: 'b',
  total: 't',
  relativeTo: 'baseline',
  factor: 3,
  timeWindow: 5,
};
const queue = { kind: 'level', gauge: 'q', relativeTo: 'baseline', factor: 3, for: 1 };

describe('a ratio relative to a baseline', () => {
  it('compares evidence with evidence: 0 of 20 is no proof of 0 %', () => {
    const quiet = counted(21, 1, 0);
    const { gates, decision } = run(ratio, quiet, counted(21, 100, 1));
    // Wilson's upper bound of 0 of 20 at 0.99 is 21 %, three times that 64 %.
    expect(gates['gate']?.threshold).toBeCloseTo(63.9, 1);
    expect(decision).toBe('promote');
    expect(run(ratio, quiet, counted(21, 100, 90)).decision).toBe('rollback');
  });

  it('is near three times the share where the baseline saw much', () => {
    const { gates } = run(ratio, counted(21, 10_000, 100), counted(3, 100, 1));
    expect(gates['gate']?.threshold).toBeCloseTo(3.16, 1);
  });

  it('is held between its floor and its ceiling', () => {
    const limit = (more: Page, failing: number) =>
      run({ ...ratio, ...more }, counted(21, 10_000, failing), counted(3, 100, 1)).gates['gate']
        ?.threshold;
    expect(limit({ atLeast: 5 }, 10)).toBe(5);
    expect(limit({ atMost: 5 }, 1000)).toBe(5);
    expect(limit({ atLeast: 1, atMost: 50 }, 1000)).toBeCloseTo(30.47, 2);
  });

  it('of 100 % or more can never break: no data, with the reason', () => {
    const { gates, decision } = run(ratio, counted(21, 1000, 350), counted(21, 1000, 900));
    expect([decision, gates['gate']?.verdict]).toEqual(['inconclusive', 'nodata']);
    expect(gates['gate']?.sentence).toMatch(
      /^gate: the limit would be 10\d\.?\d* %, which no share is over: say atMost$/,
    );
    expect(
      run({ ...ratio, atMost: 50 }, counted(21, 1000, 350), counted(21, 1000, 900)).decision,
    ).toBe('rollback');
  });
});

describe('a gauge relative to a baseline of 0', () => {
  const empty = new Array<Page>(21).fill({ q: 0 });
  const filled = new Array<Page>(21).fill({ q: 1 });
  it('has no limit without a floor, and says so', () => {
    const { gates, decision } = run(queue, empty, filled);
    expect([decision, gates['gate']?.verdict]).toEqual(['inconclusive', 'nodata']);
    expect(gates['gate']?.sentence).toContain(
      'the baseline is 0, and a multiple of nothing is no limit: say atLeast',
    );
  });

  it('is judged by its floor', () => {
    expect(run({ ...queue, atLeast: 10 }, empty, filled).decision).toBe('promote');
    expect(run({ ...queue, atLeast: 10 }, empty, [{ q: 11 }]).decision).toBe('rollback');
  });
});

it('a baseline over atMost refuses the deploy: rolling back would not mend it', () => {
  const looked = lookAtGates(only({ ...queue, atMost: 50 }), before(new Array(5).fill({ q: 60 })));
  expect(looked).toEqual([
    {
      gate: 'gate',
      state: 'beyond',
      sentence: 'gate: the running release is over 50 (atMost) already',
    },
  ]);
});
