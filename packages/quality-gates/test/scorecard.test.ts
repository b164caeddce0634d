import { describe, expect, it } from 'vitest';
import { onBreakPlace } from '../src/config.ts';
import type { Sample, WatchPolicy } from '../src/index.ts';
import { alarmOf, judgeRun, type PastRun, type RunEnding, scorecard } from '../src/tune.ts';
import { policyOf } from './support/policies.ts';
import { level, only, polls, x } from './support/polls.ts';

/** Ten minutes with this farthest reading. */
const reading = (peak: unknown): Sample[] =>
  x(...Array.from({ length: 21 }, (_, i) => (i === 4 ? peak : 1)));

const past = (
  policy: WatchPolicy,
  ending: RunEnding,
  samples: readonly Sample[] | null,
  brokeAtTheTime: readonly string[] = [],
  run: string = ending,
): PastRun => ({
  run,
  ending,
  brokeAtTheTime,
  judged: samples === null ? null : judgeRun(policy, samples, { startedAt: 0 }),
});

const queue = { ...level, threshold: 100, unit: 'items', onBreak: 'advise' };
const trial = only(queue);
const good = (peaks: readonly unknown[], policy = trial) =>
  peaks.map((peak, i) => past(policy, 'promoted', reading(peak), [], `r${i}`));

describe('what a break was', () => {
  it.each<[RunEnding, string]>([
    ['promoted', 'false'],
    ['overridden', 'false'],
    ['returned', 'false'],
    ['rolled back', 'true'],
    ['undecided', 'undecided'],
  ])('in a run that ended as %s: %s', (ending, alarm) => {
    expect(alarmOf(ending)).toBe(alarm);
    const { today, atTheTime, gates } = scorecard(trial, [
      past(trial, ending, reading(101), ['gate']),
    ]);
    const named = { true: [], false: [], undecided: [], [alarm]: [ending] };
    expect([today, atTheTime, gates[0]?.today, gates[0]?.atTheTime]).toEqual(
      new Array(4).fill(named),
    );
  });

  it('is told as it was at the time where the gate is another one now, and where it is gone', () => {
    const card = scorecard(trial, [
      past(trial, 'overridden', reading(50), ['gate', 'older'], 'r1'),
      past(trial, 'rolled back', null, ['older'], 'r2'),
    ]);
    expect(card).toMatchObject({ deploys: 2, replayed: 1, good: 1, bad: 1 });
    expect(card.gates[0]).toMatchObject({ today: { false: [] }, atTheTime: { false: ['r1'] } });
    expect(card.gone).toEqual([
      { gate: 'older', atTheTime: { true: ['r2'], false: ['r1'], undecided: [] } },
    ]);
    expect(card.missed).toEqual([]);
  });

  it('is judged gate by gate: one that breaks ends nothing for another', () => {
    const policy = policyOf(
      { early: { ...level, threshold: 10 }, late: { ...level, gauge: 'y', threshold: 10 } },
      { duration: 10, pollCadence: { initial: 30, normal: 30 } },
    );
    const samples = polls(Array.from({ length: 21 }, (_, i) => ({ x: 11, y: i === 20 ? 11 : 1 })));
    const { gates } = scorecard(policy, [past(policy, 'rolled back', samples)]);
    expect(gates.map(({ today }) => today.true)).toEqual([['rolled back'], ['rolled back']]);
  });

  it('is missed where no gate breaks in a run that was taken out', () => {
    expect(scorecard(trial, [past(trial, 'rolled back', reading(50))]).missed).toEqual([
      'rolled back',
    ]);
  });
});

describe('the closest approach', () => {
  const under = only({ ...level, threshold: 10, below: true });
  const never = only({ ...level, threshold: 0 });
  it.each<[string, WatchPolicy, readonly unknown[], unknown]>([
    ['of good runs', trial, [71, 12], { percent: 71, value: 71, limit: 100, run: 'r0' }],
    ['of those that did not break', trial, [101, 12], { percent: 12, run: 'r1' }],
    ['of a limit from below', under, [1, 1], null],
    ['without a ratio', never, [0, -1], null],
    ['at the limit', trial, [100, 99], { percent: 100, run: 'r0' }],
  ])('%s', (_title, policy, peaks, expected) => {
    const closest = scorecard(policy, good(peaks, policy)).closest;
    if (expected === null) expect(closest).toBeNull();
    else expect(closest).toMatchObject(expected as object);
  });

  it('of a limit from below is the limit over the value', () => {
    const samples = x(...new Array(21).fill(20));
    expect(scorecard(under, [past(under, 'promoted', samples)]).closest?.percent).toBe(50);
  });

  it('gives the worst value and the limit of a gate where they have no ratio', () => {
    const samples = x(-5, -4, -1, -3, ...new Array(17).fill(-6));
    const card = scorecard(never, [past(never, 'promoted', samples)]);
    expect(card.gates[0]?.closest).toMatchObject({ percent: null, value: -1, limit: 0 });
    expect(card.closest).toBeNull();
  });

  it('leaves out a run that was taken out', () => {
    expect(scorecard(trial, [past(trial, 'rolled back', reading(99))]).closest).toBeNull();
  });
});

describe('readings that could not be judged', () => {
  it('are counted, with what was said last', () => {
    const samples = x(1, 1, 1, Number.NaN, Number.NaN, Number.NaN, Number.NaN, 1);
    const [score] = scorecard(trial, [past(trial, 'promoted', samples)]).gates;
    // A level holds its newest reading for two polls without one, and has none after the third.
    expect(score).toMatchObject({ polls: 8, judged: 6, goodRuns: 0 });
    expect(score?.lastUnjudged).toMatch(/^gate: 4 polls in a row without a reading of x/);
  });

  it('of a format 1 log are those of a selector: such a log has names alone', () => {
    const policy = only({ ...queue, gauge: 'x{shard="1"}' });
    const [score] = scorecard(policy, [past(policy, 'promoted', reading(1))]).gates;
    expect(score?.judged).toBe(0);
  });
});

describe('what to do with a gate', () => {
  const five = [1, 2, 3, 4, 5];
  const observed = only({ ...level, threshold: 100, mode: 'observe' });
  const armed = only({ ...level, threshold: 100, onBreak: 'rollback' });
  it.each<[string, WatchPolicy, readonly PastRun[], object]>([
    ['no run', trial, [], { kind: 'not yet', why: '0 of 5 good runs so far' }],
    ['four good runs', trial, good(five.slice(1)), { kind: 'not yet' }],
    ['five good runs', trial, good(five), { kind: 'arm', goodRuns: 5 }],
    ['five, while it observes', observed, good(five, observed), { kind: 'arm', goodRuns: 5 }],
    [
      'a break in one of six',
      trial,
      good([...five, 101]),
      { kind: 'not yet', why: 'it would have broken 1 good run' },
    ],
    [
      'five that were never judged',
      only({ ...queue, gauge: 'y' }),
      good(five, only({ ...queue, gauge: 'y' })),
      {
        kind: 'not yet',
        why: expect.stringMatching(/judged in 0 of 5 good runs, and needs 5; last:/),
      },
    ],
    ['five, while it acts', armed, good(five, armed), { kind: 'keep' }],
    ['a break of one that acts', armed, good([1, 101], armed), { kind: 'too eager', runs: ['r1'] }],
    [
      'a true alarm of one that acts',
      armed,
      [past(armed, 'rolled back', reading(101))],
      { kind: 'keep' },
    ],
  ])('after %s', (_title, policy, runs, advice) => {
    expect(scorecard(policy, runs).gates[0]?.advice).toMatchObject(advice);
  });

  it('counts a comparison by its one judgement at the end', () => {
    const policy = only(
      { kind: 'compare', gauge: 'x', tolerance: 0.1, onBreak: 'advise' },
      { baseline: { duration: '5m', cadence: 15 } },
    );
    const baseline = Array.from({ length: 20 }, (_, i) => ({
      at: -300_000 + i * 15_000,
      health: { ok: true },
      metrics: { x: 1 },
    }));
    const judged = judgeRun(policy, reading(1), { startedAt: 0, baseline });
    const runs = five.map(
      (i): PastRun => ({
        run: `r${i}`,
        ending: 'promoted',
        brokeAtTheTime: [],
        judged,
      }),
    );
    expect(scorecard(policy, runs).gates[0]?.advice).toEqual({ kind: 'arm', goodRuns: 5 });
  });
});

describe('where a file says what a break leads to', () => {
  const yaml = [
    'environments:',
    '  production:',
    '    duration: 10',
    '    qualityGates:',
    '      # tried first',
    '      own:',
    '        threshold: 3',
    '        onBreak: advise',
    '      plain: { threshold: 3 }',
  ].join('\n');
  it.each([
    ['own', { gateLine: 6, ownLine: 8 }],
    ['plain', { gateLine: 9, ownLine: null }],
    ['none', null],
  ])('%s', (gate, place) => {
    const where = { file: 'gates.yaml', environment: 'production', gate, key: 'onBreak' } as const;
    expect(onBreakPlace(yaml, where)).toEqual(place);
  });

  it('is nowhere in a file that can not be read', () => {
    const where = { file: 'g.json', environment: 'p', gate: 'g', key: 'mode' } as const;
    expect(onBreakPlace('{', where)).toBeNull();
  });
});
