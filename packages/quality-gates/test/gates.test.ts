import { describe, expect, it } from 'vitest';
import { disarm, judgeArming } from '../src/config.ts';
import { nextPollAt, pollTimes, replay, type Sample, startWatch } from '../src/index.ts';
import { type Gates, policyOf, productionGates } from './support/policies.ts';
import { breakAt, level, only, polls, verdicts, x } from './support/polls.ts';

describe('schedule', () => {
  it('has 39 polls in production', () => {
    const times = pollTimes(policyOf()).map((ms) => ms / 1000);
    expect(times).toHaveLength(39);
    expect(times.slice(9, 13)).toEqual([270, 300, 420, 540]);
    expect(times.slice(-2)).toEqual([3540, 3600]);
  });

  it.each([
    [60, { initial: 30, normal: 45, initialPeriod: 1 }, [0, 30, 60, 105, 150]],
    [60, { initial: 45, normal: 60, initialPeriod: 1 }, [0, 45, 105, 165]],
    [1, { initial: 50, normal: 60, initialPeriod: 5 }, [0, 50, 60]],
  ])('%d min at %j', (duration, pollCadence, expected) => {
    const times = pollTimes(policyOf(productionGates, { duration, pollCadence }));
    expect(times.slice(0, expected.length).map((ms) => ms / 1000)).toEqual(expected);
    expect(times.at(-1)).toBe(duration * 60_000);
  });

  it('adds suspect polls after the last one, up to the next scheduled', () => {
    const policy = policyOf(productionGates, { pollCadence: { suspect: 50 } });
    const next = (lastAt: number, suspicious: boolean) =>
      nextPollAt(policy, { startedAt: 1000, lastAt, suspicious });
    expect(next(301_000, false)).toBe(421_000);
    expect(next(301_000, true)).toBe(351_000);
    expect(next(401_000, true)).toBe(421_000);
    expect(next(3_601_000, true)).toBeNull();
  });

  it('counts a poll a little late as the scheduled one, and no suspect poll as one', () => {
    const policy = only(level, { duration: 2 });
    const run = (lateMs: number) =>
      replay(
        policy,
        [0, 1, 2, 3, 4].map((i) => ({
          at: i * 30_000 + lateMs,
          health: { ok: true },
          metrics: { x: 1 },
        })),
        { startedAt: 0 },
      ).decision;
    expect([run(0), run(3000), run(3001)]).toEqual(['promote', 'promote', 'inconclusive']);
  });
});

describe('a level', () => {
  it.each([
    ['breaks over, never at', level, [10, 11], 30],
    ['stays below', level, [10, 10, 10], null],
    ['below turns it round', { ...level, below: true }, [10, 9], 30],
    ['for: 3 asks three in a row', { ...level, for: 3 }, [11, 11, 9, 11, 11, 11], 150],
    ['3 of 5', { ...level, for: '3 of 5' }, [11, 9, 11, 9, 11], 120],
    ['3 of 5 forgets the sixth', { ...level, for: '3 of 5' }, [11, 9, 9, 9, 9, 11, 11, 9], null],
    ['a missing reading is not beyond', level, [null, 'x', Number.NaN, Infinity], null],
    ['a missing reading does not reset', { ...level, for: 2 }, [11, null, 11], 60],
    ['scale comes first', { ...level, scale: 1000 }, [0.01, 0.011], 30],
  ] as const)('%s', (_title, gate, values, second) => {
    expect(breakAt(only(gate), x(...values))).toBe(second);
  });
});

describe('no data', () => {
  it('is told after three polls in a row without a reading, and ends with one', () => {
    expect(verdicts(only(level), x(1, null, null, null, 1))).toEqual([
      'pass',
      'pass',
      'pass',
      'nodata',
      'pass',
    ]);
    expect(verdicts(only(level), x(null, null, null))).toEqual(['pending', 'pending', 'nodata']);
  });

  it('counts missed polls, recorded or not, but breaks only at a poll that was made', () => {
    // biome-ignore lint/suspicious/noThenProperty: the key that operators write
    const policy = only({ ...level, noData: { then: 'break' } });
    const [first, second] = x(1, null) as [Sample, Sample];
    expect(breakAt(policy, [first, { ...second, at: 90_000 }])).toBe(90);
    expect(breakAt(policy, [first, { at: 90_000, missed: 'asleep' }])).toBeNull();
    expect(breakAt(policy, [first, { ...first, at: 500_000 }])).toBeNull();
  });

  it('never breaks for want of traffic', () => {
    // biome-ignore lint/suspicious/noThenProperty: the key that operators write
    const noData = { then: 'break' };
    const policy = only({
      kind: 'ratio',
      bad: 'b',
      total: 't',
      threshold: 1,
      timeWindow: 5,
      noData,
    });
    const samples = polls(new Array(21).fill({ b: 1, t: 100 }));
    expect(verdicts(policy, samples).at(-1)).toBe('nodata');
    expect(replay(policy, samples).decision).toBe('inconclusive');
  });

  it('is told where a counter falls and comes back: several processes answer', () => {
    const policy = only({
      kind: 'ratio',
      bad: 'b',
      total: 't',
      threshold: 1,
      timeWindow: 5,
      minEvents: 1,
    });
    for (const bad of [0, 1]) {
      const samples = polls([9, 5, 9, 5, 9, 5].map((t) => ({ b: bad * t, t })));
      const { gates, decision } = replay(policy, samples);
      expect([decision, gates['gate']?.verdict]).toEqual(['continue', 'nodata']);
      expect(gates['gate']?.sentence).toContain('several processes answer at this address');
    }
  });
});

describe('a share', () => {
  const ratio = {
    kind: 'ratio',
    bad: 'b',
    total: 't',
    threshold: 0.57,
    timeWindow: 5,
    confidence: 'off',
  };
  it('is compared as the decimal that was written', () => {
    const at = (b: number) =>
      verdicts(
        only(ratio),
        polls([
          { b: 0, t: 0 },
          { b: 30, t: 5000 },
          { b, t: 10_000 },
        ]),
      ).at(-1);
    expect([at(57), at(58)]).toEqual(['pass', 'break']);
  });

  it('counts from activation where that was sampled', () => {
    const samples = polls([
      { b: 20, t: 20 },
      { b: 20, t: 20 },
      { b: 20, t: 20 },
    ]);
    const activation = { at: -1000, metrics: { b: 0, t: 0 } };
    expect(breakAt(only(ratio), samples)).toBeNull();
    expect(breakAt(only(ratio), samples, { activation })).toBe(60);
    expect(
      breakAt(only(ratio), samples, { activation: { ...activation, at: 1 }, startedAt: 0 }),
    ).toBeNull();
  });

  it('over the whole watch decides at the end what confidence left open', () => {
    const policy = only({ ...ratio, threshold: 5, confidence: 0.99, timeWindow: 2 });
    const run = (badEach: number) =>
      replay(policy, polls(Array.from({ length: 21 }, (_, i) => ({ b: i * badEach, t: i * 100 }))));
    expect(run(5).decision).toBe('promote');
    const over = run(6);
    expect(over.decision).toBe('inconclusive');
    expect(over.reasons).toEqual([
      expect.stringContaining('120 of 2000 over the whole watch are 6 %'),
    ]);
  });

  it('of failing checks breaks what is never three in a row', () => {
    const policy = only({ kind: 'share', threshold: 20, timeWindow: 10 });
    const samples: Sample[] = [true, true, true, false, true, false].map((ok, i) => ({
      at: i * 30_000,
      health: { ok },
    }));
    expect(verdicts(policy, samples)).toEqual([
      'pending',
      'pending',
      'pending',
      'pending',
      'pass',
      'break',
    ]);
  });
});

describe('sentences', () => {
  it('say where a value is beyond, but proves nothing', () => {
    const gate = { kind: 'ratio', bad: 'b', total: 't', threshold: 5, timeWindow: 5 };
    const { gates } = replay(only(gate), polls([0, 1, 2].map((i) => ({ b: i, t: i * 15 }))));
    expect(gates['gate']).toMatchObject({
      verdict: 'pass',
      sentence:
        'gate: 6.667 % over 5 min, beyond the limit of 5 %, but 30 events prove nothing yet',
    });
  });

  it('say where a histogram can tell no more', () => {
    const gate = { kind: 'quantile', histogram: 'h', q: 0.9, threshold: 2, timeWindow: 5 };
    const h = (i: number) => ({ h: { le: { 1: i, 2: i, '+Inf': 20 * i }, count: 20 * i, sum: 0 } });
    const { gates } = replay(only(gate), polls([h(0), h(1), h(2)]));
    expect(gates['gate']?.sentence).toContain(
      "q0.9 over 2, the highest finite bucket: these buckets can't show the limit of 2",
    );
  });
});

describe('events of a gauge gate', () => {
  const rate = { kind: 'ratio', rate: 'x', threshold: 5, timeWindow: 5 };
  const rows = (per: number) => polls([0, 1, 2, 3].map((i) => ({ x: 100, n: i * per })));
  it.each([
    [10, 60, 'enough'],
    [5, null, 'too few'],
    [0, null, 'none'],
  ])('%d a poll: broken at %d, %s', (per: number, second: number | null, _how: string) => {
    expect(breakAt(only({ ...rate, events: 'n' }), rows(per))).toBe(second);
  });

  it('of a known gate are asked for only where the service reports them', () => {
    const policy = policyOf({ extractionFailureRate: { threshold: 5, timeWindow: 10 } });
    const samples = (more: (i: number) => Record<string, number>) =>
      polls([0, 1, 2, 3].map((i) => ({ extraction_failures_rate: 100, ...more(i) })));
    expect(
      breakAt(
        policy,
        samples(() => ({})),
      ),
    ).toBe(60);
    expect(
      breakAt(
        policy,
        samples((i) => ({ total_processed: i })),
      ),
    ).toBeNull();
    expect(
      breakAt(
        policy,
        samples((i) => ({ total_processed: i * 10 })),
      ),
    ).toBe(60);
  });
});

describe('a histogram', () => {
  const gate = {
    kind: 'quantile',
    histogram: 'h',
    q: 0.5,
    scale: 1000,
    threshold: 1500,
    timeWindow: 5,
    minEvents: 4,
  };
  const h = (one: number, two: number, all: number) => ({
    h: { le: { '+Inf': all, '2': two, '1': one }, count: all, sum: 0 },
  });
  it('is judged on what its buckets rose by, in the unit of the threshold', () => {
    const { history } = replay(
      only(gate),
      polls([h(100, 100, 100), h(100, 102, 102), h(100, 104, 104), h(100, 108, 110)]),
    );
    const values = history.map(({ gates }) => gates['gate']?.value);
    expect(values).toEqual([null, 1500, 1500, 1625]);
    expect(history.map(({ gates }) => gates['gate']?.verdict)).toEqual([
      'pending',
      'pending',
      'pass',
      'break',
    ]);
  });

  it('goes on over a restart', () => {
    const samples = polls([h(100, 100, 100), h(0, 2, 2), h(0, 4, 4)]);
    const { gates } = replay(only(gate), samples);
    expect(gates['gate']).toMatchObject({ events: 4, value: 1500, verdict: 'pass' });
    // The counters fell: whose they are, the reading after that tells.
    expect(replay(only(gate), samples.slice(0, 2)).gates['gate']).toMatchObject({ events: 0 });
  });

  it('starts anew where its buckets changed', () => {
    const other = { h: { le: { '5': 9, '+Inf': 9 }, count: 9, sum: 0 } };
    const before = [h(0, 0, 0), h(0, 4, 4)];
    const { gates } = replay(only(gate), polls([...before, other]));
    expect(gates['gate']).toMatchObject({ events: 4, value: 1500 });
  });
});

describe('decisions', () => {
  const two: Gates = { a: { ...level, onBreak: 'freeze' }, b: { ...level, onBreak: 'alert' } };
  it('takes the gravest of those broken', () => {
    expect(replay(policyOf(two), x(11)).decision).toBe('freeze');
    expect(replay(policyOf({ ...two, c: level }), x(11)).decision).toBe('rollback');
    expect(replay(policyOf({ b: level }, { autoRollback: false }), x(11)).decision).toBe('alert');
  });

  it('judges and reports the others where one breaks', () => {
    const queue = { ...level, gauge: 'queue' };
    const policy = policyOf({ first: level, second: queue, third: { ...level, gauge: 'absent' } });
    const metrics = { x: 11, queue: 12 };
    const { gates, reasons } = replay(policy, [{ at: 0, health: { ok: true }, metrics }]);
    const verdicts = Object.values(gates).map(({ verdict }) => verdict);
    expect(verdicts).toEqual(['break', 'break', 'pending']);
    expect(reasons).toEqual([
      'first broke: 11, over the limit of 10',
      'second broke: 12, over the limit of 10',
    ]);
  });

  it('leaves out gates that only observe', () => {
    const policy = policyOf({ a: level }, { duration: 1 });
    const samples = x(11, 11, 11);
    expect(replay(policy, samples).decision).toBe('rollback');
    const off = replay(disarm(policy, ['a']), samples);
    expect([off.decision, off.gates['a']?.verdict]).toEqual(['promote', 'break']);
    expect(() => disarm(policy, ['b'])).toThrow('has no gate b; it has a');
  });

  it('is not promoted where a gate could hardly be judged', () => {
    const samples = (missing: number) =>
      x(...Array.from({ length: 21 }, (_, i) => (i > 0 && i <= missing + 3 - 1 ? null : 1)));
    expect(replay(only(level), samples(4)).decision).toBe('promote');
    const { decision, reasons } = replay(only(level), samples(5));
    expect(decision).toBe('inconclusive');
    expect(reasons[0]).toContain('judged good at 16 of 21 scheduled polls');
  });

  it('is inconclusive where the last poll was missed, stopped early, or never began', () => {
    const policy = only(level);
    const watch = startWatch(policy, { startedAt: 0 });
    for (const sample of x(...new Array(20).fill(1))) watch.observe(sample);
    expect(watch.finish(300_000).reasons[0]).toContain('stopped after');
    const end = watch.finish(600_000);
    expect([end.decision, end.settled, end.reasons]).toEqual([
      'inconclusive',
      true,
      ['the last scheduled poll was missed'],
    ]);
    expect(replay(policy, []).decision).toBe('inconclusive');
    const recorded: Sample[] = [...x(...new Array(20).fill(1)), { at: 600_000, missed: 'asleep' }];
    expect(replay(policy, recorded).decision).toBe('inconclusive');
    expect(replay(policy, x(1, 1)).decision).toBe('continue');
  });
});

describe('arming', () => {
  it('names the gates that the running release is already beyond', () => {
    const policy = policyOf({
      queue: { ...level, for: 5 },
      calm: level,
      healthFailures: { threshold: 2 },
    });
    const samples: Sample[] = [0, 1, 2].map((i) => ({
      at: i * 5000,
      health: { ok: false },
      metrics: { x: 11 },
    }));
    expect(judgeArming(policy, samples).map(({ gate }) => gate)).toEqual([
      'queue',
      'calm',
      'healthFailures',
    ]);
    expect(judgeArming(policy, samples.slice(0, 2)).map(({ gate }) => gate)).toEqual([
      'queue',
      'calm',
    ]);
    expect(judgeArming(policy, [])).toEqual([]);
    const armed = disarm(policy, ['queue', 'calm', 'healthFailures']);
    expect(judgeArming(armed, samples)).toEqual([]);
  });
});
