import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { disarm } from '../src/config.ts';
import { type Assessment, pollTimes, replay, type Sample, startWatch } from '../src/index.ts';
import { type Gates, policyOf } from './support/policies.ts';

const gates: Gates = {
  healthFailures: { threshold: 2 },
  healthFailureShare: { threshold: 40, timeWindow: 2 },
  extractionFailureRate: { bad: 'bad', total: 'total', threshold: 5, timeWindow: 3, minEvents: 10 },
  rate: { kind: 'ratio', rate: 'rate', threshold: 5, timeWindow: 2, for: '2 of 3' },
  p95HashTime: { histogram: 'seconds', scale: 1000, threshold: 2000, timeWindow: 3, minEvents: 5 },
  // biome-ignore lint/suspicious/noThenProperty: the key that operators write
  lowConfidenceQueue: { threshold: 1000, noData: { after: 6, then: 'break' } },
  median: { kind: 'quantile', gauge: 'p95', threshold: 100, timeWindow: 2, mode: 'observe' },
};
const short = {
  duration: 6,
  pollCadence: { initial: 15, normal: 30, initialPeriod: 2, suspect: 5 },
};
const policy = policyOf(gates, short);
const times = pollTimes(policy);

const step = fc.record({
  ok: fc.constantFrom(true, true, true, true, true, false, null),
  bad: fc.integer({ min: 0, max: 3 }),
  total: fc.integer({ min: 0, max: 40 }),
  rate: fc.integer({ min: 0, max: 6 }),
  queue: fc.integer({ min: 0, max: 1001 }),
  seconds: fc.constantFrom(0.1, 0.4, 1, 3),
  fate: fc.constantFrom(
    'made',
    'made',
    'made',
    'made',
    'made',
    'made',
    'missed',
    'absent',
    'restart',
  ),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
const steps = fc.array(step, { minLength: times.length, maxLength: times.length });

const bounds = [0.5, 2, 5];
const samplesOf = (made: readonly Step[]): Sample[] => {
  let [bad, total] = [0, 0];
  let le = [0, 0, 0];
  return made.flatMap((each, index): Sample[] => {
    const at = times[index] ?? 0;
    if (each.fate === 'restart') {
      [bad, total] = [0, 0];
      le = [0, 0, 0];
    }
    bad += Math.min(each.bad, each.total);
    total += each.total;
    le = le.map((count, i) => count + (each.seconds <= (bounds[i] ?? 0) ? 5 : 0));
    if (each.fate === 'missed') return [{ at, missed: 'asleep' }];
    if (each.fate === 'absent') return [];
    const [a = 0, b = 0, c = 0] = le;
    return [
      {
        at,
        health: { ok: each.ok },
        metrics: {
          bad,
          total,
          rate: each.rate,
          p95: each.queue,
          low_confidence_queue_length: each.queue,
          seconds: { le: { '0.5': a, '2': b, '5': c, '+Inf': c }, count: c, sum: 1 },
        },
      },
    ];
  });
};
const missed = (sample: Sample | undefined) => sample !== undefined && 'missed' in sample;
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
const isFinal = ({ decision, settled }: Assessment) => decision !== 'continue' && settled;

/** As a monitor does: every sample, then the end. */
const watchAll = (samples: readonly Sample[]): Assessment[] => {
  const watch = startWatch(policy, { startedAt: 0 });
  const seen: Assessment[] = [];
  for (const sample of samples) {
    seen.push(watch.observe(sample));
    if (isFinal(seen.at(-1) as Assessment)) return seen;
  }
  return [...seen, watch.finish(policy.durationMs)];
};

describe('the same samples give the same decision', () => {
  it('live, resumed at any point, and replayed', () => {
    fc.assert(
      fc.property(steps, fc.nat({ max: times.length }), (made, cut) => {
        const samples = samplesOf(made);
        const whole = watchAll(samples);
        const again = startWatch(policy, { startedAt: 0 });
        // What was recorded is read back, the end that the interruption was told is void, then it goes on.
        const before = samples.slice(0, cut);
        const resumed = before.map((sample) => again.observe(plain(sample) as Sample));
        const lastAt = Number(before.at(-1)?.at ?? 0);
        if (lastAt < policy.durationMs) again.finish(lastAt);
        resumed.push(...samples.slice(cut).map((sample) => again.observe(sample)));
        expect(plain(resumed.slice(0, whole.length - 1))).toEqual(plain(whole.slice(0, -1)));
        const { history } = replay(policy, samples, { startedAt: 0 });
        expect(plain(history.slice(0, whole.length - 1))).toEqual(plain(whole.slice(0, -1)));
        const last = samples.at(-1);
        if (last && Number(last.at) === policy.durationMs)
          expect(history.at(-1)?.decision).toBe(whole.at(-1)?.decision);
      }),
      { numRuns: 200 },
    );
  });

  it('whether a missed poll is on record or left out', () => {
    fc.assert(
      fc.property(steps, (made) => {
        const samples = samplesOf(made);
        // The end is judged after the samples: one more than there are.
        const recorded = watchAll(samples).filter((_, index) => !missed(samples[index]));
        const left = watchAll(samples.filter((sample) => !missed(sample)));
        expect(plain(left)).toEqual(plain(recorded));
      }),
    );
  });

  it('and a break is final', () => {
    fc.assert(
      fc.property(steps, (made) => {
        const history = watchAll(samplesOf(made));
        for (const name of Object.keys(policy.gates)) {
          const verdicts = history.map((each) => each.gates[name]?.verdict);
          const first = verdicts.indexOf('break');
          if (first >= 0)
            expect(verdicts.slice(first).every((verdict) => verdict === 'break')).toBe(true);
        }
      }),
    );
  });
});

const worse: Readonly<Partial<Record<keyof Step, (each: Step) => Partial<Step>>>> = {
  ok: ({ ok }) => ({ ok: ok === null ? null : false }),
  bad: ({ total }) => ({ bad: total }),
  rate: () => ({ rate: 100 }),
  queue: () => ({ queue: 5000 }),
  seconds: () => ({ seconds: 3 }),
};
type Way = keyof typeof worse;
/** The same poll of a release that is worse in these ways. One alone is not hidden by what breaks at once. */
const worsen = (each: Step, ways: readonly Way[]): Step =>
  Object.assign({}, each, ...ways.map((way) => worse[way]?.(each)));
// After a restart that the counter has outgrown by the next poll, it can't be seen that there was one.
const unrestarted = steps.map((made) =>
  made.map((each): Step => (each.fate === 'restart' ? { ...each, fate: 'made' } : each)),
);

const someWays = fc.subarray(Object.keys(worse) as Way[], { minLength: 1 });

it('worse samples never turn a rollback into a promotion, nor delay it', () => {
  let rollbacks = 0;
  fc.assert(
    fc.property(
      unrestarted,
      someWays,
      fc.array(fc.nat({ max: times.length - 1 })),
      (made, ways, which) => {
        const end = watchAll(samplesOf(made)).at(-1);
        if (end?.decision !== 'rollback') return;
        rollbacks += 1;
        const worsened = made.map((each, index) =>
          which.includes(index) ? worsen(each, ways) : each,
        );
        const after = watchAll(samplesOf(worsened)).at(-1);
        expect(after?.decision).toBe('rollback');
        expect(after?.at).toBeLessThanOrEqual(end.at);
      },
    ),
    { numRuns: 300 },
  );
  expect(rollbacks).toBeGreaterThan(30);
});

it('scaling a metric and its threshold by a power of two changes nothing', () => {
  const gaugeGates = (by: number): Gates => ({
    mean: { kind: 'ratio', rate: 'x', threshold: 5 * by, timeWindow: 3 },
    median: { kind: 'quantile', gauge: 'x', threshold: 5 * by, timeWindow: 3, for: 2 },
    newest: { kind: 'level', gauge: 'x', threshold: 9 * by },
    relative: { kind: 'level', gauge: 'x', relativeTo: 'baseline', factor: 1.5 },
    compared: { kind: 'compare', gauge: 'x', tolerance: 0.1, alpha: 0.2 },
    slow: {
      kind: 'quantile',
      histogram: 'h',
      q: 0.9,
      threshold: 4 * by,
      timeWindow: 3,
    },
  });
  // On `observe`: the first to break would hide what the others do after it.
  const observed = (by: number) => {
    const all = gaugeGates(by);
    return disarm(policyOf(all, short), Object.keys(all));
  };
  // Most doubles are tiny; subnormal ones lose digits by themselves.
  const double = fc.oneof(
    fc.double({ min: 0, max: 10, noNaN: true }).map((value) => (value < 1e-9 ? 0 : value)),
    fc.integer({ min: 0, max: 970 }).map((value) => value / 97),
  );
  fc.assert(
    fc.property(
      fc.array(double, { minLength: times.length, maxLength: times.length }),
      fc.integer({ min: -40, max: 40 }),
      (values, power) => {
        const pollsOf = (by: number, from: number) => {
          let [fast, slow, all] = [0, 0, 0];
          return values.map((x, i) => {
            fast += x < 2 ? 9 : 0;
            slow += x < 5 ? 9 : 0;
            all += 9;
            const le = { [String(2 * by)]: fast, [String(5 * by)]: slow, '+Inf': all };
            return {
              at: from + (times[i] ?? 0),
              health: { ok: true },
              metrics: { x: x * by, h: { le, count: all, sum: 0 } },
            };
          });
        };
        const run = (by: number) =>
          replay(observed(by), pollsOf(by, 0), {
            baseline: pollsOf(by / 2, -1e6),
          }).history.map(({ at, decision, gates: judged }) => [
            at,
            decision,
            Object.values(judged).map(({ verdict, value }) => [
              verdict,
              value === null ? null : value / by,
            ]),
          ]);
        expect(run(2 ** power)).toEqual(run(1));
      },
    ),
  );
});

describe('no input', () => {
  const number = fc.oneof(
    fc.double(),
    fc.constantFrom(Number.NaN, Infinity, -Infinity, 1e308, -1e308, 5e-324, -0, 2 ** 53),
  );
  const junk = fc.oneof(number, fc.string(), fc.constantFrom(null, undefined, true, {}, []));
  const histogram = fc.record({
    le: fc.oneof(
      junk,
      fc.dictionary(
        fc.oneof(fc.string(), fc.constantFrom('1', '+Inf', 'NaN', '-Infinity', '-1e308', '1e308')),
        junk,
      ),
    ),
    count: junk,
    sum: junk,
  });
  const names = ['bad', 'total', 'rate', 'p95', 'low_confidence_queue_length', 'seconds'];
  const metrics = fc.oneof(
    junk,
    fc.record(Object.fromEntries(names.map((name) => [name, fc.oneof(junk, number, histogram)]))),
  );
  /** Times: mostly the next poll, else the same again, an earlier one, a text, or anything. */
  const gap = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(15_000, 30_000) },
    { weight: 2, arbitrary: fc.constantFrom(0, -30_000, 1, 60_000, 'text') },
    { weight: 1, arbitrary: junk },
  );
  const body = fc.record({
    health: fc.oneof(junk, fc.record({ ok: junk, reason: junk })),
    metrics,
  });
  const history = fc
    .array(
      fc.tuple(
        gap,
        body,
        fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: junk }),
      ),
    )
    .map((rows) => {
      let now = 0;
      return rows.map(([step, each, instead]): unknown => {
        if (instead !== false) return instead;
        if (typeof step === 'number' && Math.abs(step) <= 60_000) now = Math.max(0, now + step);
        const at =
          typeof step === 'number' ? now : step === 'text' ? new Date(now).toISOString() : step;
        return { at, ...each };
      });
    });
  const everyKind = policyOf(
    {
      ...gates,
      relative: { kind: 'level', gauge: 'p95', relativeTo: 'baseline', factor: 2 },
      slower: {
        kind: 'quantile',
        histogram: 'seconds',
        q: 0.5,
        relativeTo: 'baseline',
        factor: 2,
        timeWindow: 3,
      },
      compared: { kind: 'compare', gauge: 'p95', tolerance: 0.1 },
      rateOf: { kind: 'ratio', rate: 'rate', events: 'total', threshold: 5, timeWindow: 3 },
    },
    short,
  );
  // What breaks ends a watch early: on `observe` all gates see everything.
  const policies = [everyKind, disarm(everyKind, Object.keys(everyKind.gates))];

  it('throws, or yields a number that is none', () => {
    let judged = 0;
    fc.assert(
      fc.property(history, history, fc.constantFrom(...policies), (samples, before, which) => {
        const baseline = before as Sample[];
        const seen = replay(which, samples as Sample[], { startedAt: 0, baseline }).history;
        for (const { gates: verdicts, reasons } of seen) {
          expect(reasons.join()).not.toMatch(/NaN|Infinity|undefined|\[object/);
          for (const { value, threshold, readings, events, sentence } of Object.values(verdicts)) {
            if (value !== null) judged += 1;
            for (const each of [value ?? 0, threshold, readings, events ?? 0])
              expect(Number.isFinite(each)).toBe(true);
            expect(sentence).not.toMatch(/NaN|Infinity|undefined|\[object/);
          }
        }
      }),
      { numRuns: 500 },
    );
    expect(judged).toBeGreaterThan(1000);
  });

  it('is reordered: what comes out of order is refused by name and changes nothing', () => {
    const watch = startWatch(policy, { startedAt: 0 });
    const poll = (at: number | string): Sample => ({ at, health: { ok: false } });
    watch.observe(poll(0));
    const second = watch.observe(poll(30_000));
    for (const [at, why] of [
      [30_000, 'out of order'],
      [15_000, 'out of order'],
      [-1, 'before the watch began'],
      ['soon', 'neither epoch ms nor RFC 3339'],
    ] as const) {
      const refused = watch.observe(poll(at));
      expect(refused.reasons).toEqual([expect.stringContaining(why)]);
      expect(plain(refused.gates)).toEqual(plain(second.gates));
    }
    expect(watch.observe(poll('1970-01-01T00:00:45Z')).decision).toBe('rollback');
  });
});
