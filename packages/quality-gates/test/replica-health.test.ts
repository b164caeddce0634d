import { describe, expect, it } from 'vitest';
import { replay, type Sample } from '../src/index.ts';
import { level, only, x } from './support/polls.ts';

type Checks = Readonly<Record<string, boolean | null>>;
const samples = (checks: readonly Checks[]): Sample[] =>
  checks.map((each, i) => ({
    at: i * 30_000,
    health: { ok: Object.values(each).every((ok) => ok !== false) },
    replicas: Object.fromEntries(
      Object.entries(each).map(([name, ok]) => [
        name,
        ok === false ? { ok, reason: 'HTTP 503' } : { ok },
      ]),
    ),
  }));

describe('health of several replicas', () => {
  const streak = only({ kind: 'consecutive', threshold: 2 });
  it('is judged one by one: three in a row are those of one replica', () => {
    const turns = samples(
      Array.from({ length: 21 }, (_, i) => ({ a: i % 2 === 0, b: i % 2 === 1 })),
    );
    expect(replay(streak, turns).gates['gate']).toMatchObject({ verdict: 'pass', value: 1 });
    const dead = samples(new Array(3).fill({ a: true, b: false }));
    expect(replay(streak, dead)).toMatchObject({
      decision: 'rollback',
      reasons: ['gate broke: 3 checks in a row not OK, over the limit of 2 (b: HTTP 503)'],
    });
  });

  it('in a share says which one', () => {
    const share = only({ kind: 'share', threshold: 20, timeWindow: 10 });
    const { decision, reasons } = replay(
      share,
      samples(new Array(5).fill({ a: true, b: false, c: null })),
    );
    expect([decision, reasons]).toEqual([
      'rollback',
      ['gate broke: 100 % of checks not OK over 10 min, over the limit of 20 % (b: HTTP 503)'],
    ]);
  });

  it('that is not known neither counts nor resets', () => {
    const checks = [{ b: false }, { b: null }, { b: false }, {}, { b: false }];
    expect(replay(streak, samples(checks)).decision).toBe('rollback');
  });
});

describe('onBreak: advise', () => {
  const advising = { ...level, onBreak: 'advise' };
  it('tells the break, goes on, and says it at the end', () => {
    const { decision, at, reasons, history } = replay(
      only(advising),
      x(1, 11, ...new Array(19).fill(1)),
    );
    expect([decision, at, reasons]).toEqual([
      'advise',
      600_000,
      ['gate broke: 11, over the limit of 10'],
    ]);
    expect(history[1]).toMatchObject({
      decision: 'continue',
      gates: { gate: { verdict: 'break' } },
    });
  });

  it('gives way to a gate that could not be judged', () => {
    const both = only(advising, {
      qualityGates: { soft: advising, blind: { ...level, gauge: 'nowhere' } },
    });
    const { decision, reasons } = replay(both, x(1, 11, ...new Array(19).fill(1)));
    expect([decision, reasons[0], reasons[1]]).toEqual([
      'inconclusive',
      'soft broke: 11, over the limit of 10',
      expect.stringMatching(/^blind was judged good at 0 of/),
    ]);
  });

  it('gives way to a gate that acts, and promotes where nothing broke', () => {
    const both = only(advising, {
      qualityGates: { soft: advising, hard: { ...level, threshold: 20 } },
    });
    expect(replay(both, x(11, 21)).decision).toBe('rollback');
    expect(replay(both, x(...new Array(21).fill(1))).decision).toBe('promote');
  });
});
