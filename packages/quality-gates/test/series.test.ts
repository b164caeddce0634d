import { describe, expect, it } from 'vitest';
import { replay, type Sample, selectorsOf } from '../src/index.ts';
import { policyOf } from './support/policies.ts';
import { only, polls } from './support/polls.ts';

const ratio = {
  kind: 'ratio',
  bad: 'r{code=~"5.."}',
  total: 'r',
  threshold: 5,
  timeWindow: 5,
  confidence: 'off',
};
const last = (gate: Record<string, unknown>, samples: readonly Sample[]) =>
  replay(only(gate), samples).gates['gate'];
type Page = Record<string, unknown>;
const run = (gate: Record<string, unknown>, pages: readonly Page[], more: Partial<Sample> = {}) =>
  last(
    gate,
    polls(pages).map((sample) => ({ ...sample, ...more }) as Sample),
  );

describe('a ratio of series', () => {
  const page = (i: number, failed: number) => ({
    'r{code="200"}': 1000 + 100 * i - failed * i,
    'r{code="404"}': 50 + 20 * i,
    'r{code="503"}': 7 + failed * i,
  });
  it('adds up the increases of what its selectors take', () => {
    expect(
      run(
        ratio,
        [0, 1, 2, 3].map((i) => page(i, 3)),
      ),
    ).toMatchObject({
      events: 360,
      value: 2.5,
      verdict: 'pass',
    });
    expect(
      run(
        ratio,
        [0, 1, 2].map((i) => page(i, 12)),
      ),
    ).toMatchObject({ verdict: 'break' });
  });

  it('takes a sum under the bare name, as logs of format 1 have it', () => {
    const gate = { ...ratio, bad: 'bad', total: 'total' };
    const sums = [0, 1, 2].map((i) => ({ bad: 3 * i, total: 100 * i }));
    const series = [0, 1, 2].map((i) => ({
      'bad{a="1"}': i,
      'bad{a="2"}': 2 * i,
      'total{b="1"}': 100 * i,
    }));
    expect(run(gate, sums)?.value).toBe(3);
    expect(run(gate, series)?.value).toBe(3);
  });

  it('keeps the last value of a series that goes away, and goes on where it comes back', () => {
    const gone = [0, 1, 2, 3, 4].map((i) => {
      const { 'r{code="404"}': lost, ...rest } = page(i, 1) as Page;
      return i === 2 || i === 3 ? rest : { ...rest, 'r{code="404"}': lost };
    });
    expect(run(ratio, gone)).toMatchObject({ events: 480, verdict: 'pass' });
  });
});

describe('a counter that appears', () => {
  const gate = { ...ratio, bad: 'e', total: 't' };
  const total = (i: number) => ({ 't{route="/"}': 1000 + 100 * i });
  const late = [total(0), total(1), total(2), { ...total(3), 'e{route="/"}': 90 }];
  const settled = [...late, { ...total(4), 'e{route="/"}': 90 }];
  it('is 0 until then where the page knows it', () => {
    expect(run(gate, late.slice(0, 3), { known: ['e'] })).toMatchObject({
      verdict: 'pass',
      value: 0,
    });
    expect(run(gate, settled, { known: ['e'] })).toMatchObject({ verdict: 'break', value: 30 });
  });

  it('is 0 until then where the gate says so', () => {
    expect(run({ ...gate, absent: 0 }, late.slice(0, 3))).toMatchObject({ verdict: 'pass' });
    expect(run({ ...gate, absent: 0 }, settled)).toMatchObject({ verdict: 'break', value: 30 });
  });

  it('is no reading where nobody knows it: a slip in a name is never 0 %', () => {
    const seen = run(
      gate,
      new Array(5).fill(0).map((_, i) => total(i)),
    );
    expect(seen).toMatchObject({ verdict: 'nodata', value: 0 });
    expect(seen?.sentence).toContain('without a reading of e and t: e is not there');
    // Its first value counts all the same: the process was read before.
    expect(
      run(gate, [
        ...settled,
        { ...total(5), 'e{route="/"}': 90 },
        { ...total(6), 'e{route="/"}': 90 },
      ])?.value,
    ).toBe(18);
  });

  it('is known where another series of it is there', () => {
    const pages = [0, 1, 2].map((i) => ({ 'r{code="200"}': 100 * i }));
    expect(run(ratio, pages)).toMatchObject({ verdict: 'pass', value: 0, events: 200 });
  });

  it('begins at 0 with its process, of which nothing was counted before', () => {
    const known = { known: ['e', 't'] };
    expect(run(gate, [{}, {}, {}], known)).toMatchObject({ verdict: 'nodata' });
    const begun = [{}, { t: 40, e: 20 }, { t: 80, e: 40 }];
    expect(run(gate, begun, known)).toMatchObject({ verdict: 'break', events: 80 });
  });
});

describe('labels that never come again', () => {
  /** A poll brings 900 series of its own, and takes those of the one before away. */
  const churn = (of: number) =>
    Array.from({ length: of }, (_, i) =>
      Object.fromEntries([
        ...Array.from({ length: 900 }, (_, id) => [`r{id="${i}-${id}"}`, 1]),
        ['r{code="500"}', 0],
      ]),
    );
  it('are counted while they are few enough to be kept', () => {
    expect(run(ratio, churn(11))).toMatchObject({ verdict: 'pass', value: 0 });
  });

  it('end the judging, with the reason, where they would fill the memory', () => {
    const end = run(ratio, churn(16));
    expect(end?.verdict).toBe('nodata');
    expect(end?.sentence).toContain('r and r: over 10000 series came in this watch');
  });
});

describe('several targets', () => {
  const gate = { ...ratio, bad: 'e', total: 't' };
  const page = (i: number) => ({
    'e{instance="a"}': 1000 + i,
    't{instance="a"}': 5000 + 100 * i,
    ...(i < 2 ? {} : { 'e{instance="b"}': 40_000 + i, 't{instance="b"}': 400_000 + 100 * i }),
  });
  const samples = (starts: (i: number) => Record<string, number>): Sample[] =>
    polls([0, 1, 2, 3, 4, 5].map(page)).map(
      (sample, i) => ({ ...sample, at: 1e9 + i * 30_000, processes: starts(i) }) as Sample,
    );
  it('count each by itself: one that is read later begins where it is', () => {
    expect(
      last(
        gate,
        samples((i) => (i < 2 ? { a: 5 } : { a: 5, b: 9 })),
      ),
    ).toMatchObject({
      events: 800,
      value: 1,
      verdict: 'pass',
    });
    const untold = samples(() => ({})).map(
      (sample): Sample => ({ ...sample, processes: undefined }),
    );
    expect(last(gate, untold)).toMatchObject({ events: 800, value: 1 });
  });

  it('are restarted each by itself', () => {
    const restarted = samples((i) => ({ a: i < 3 ? 5 : 1e6 + 85, ...(i < 2 ? {} : { b: 9 }) })).map(
      (sample, i) => {
        const metrics = {
          ...page(i),
          ...(i < 3 ? {} : { 'e{instance="a"}': 2, 't{instance="a"}': 50 + 100 * (i - 3) }),
        };
        return { ...sample, metrics } as Sample;
      },
    );
    const { verdict, events } = last(gate, restarted) ?? {};
    // Of a 200, then 50 and 200 of the new process; of b 300.
    expect([verdict, events]).toEqual(['pass', 750]);
  });
});

describe('a gauge of several series', () => {
  const level = { kind: 'level', gauge: 'g', threshold: 10 };
  const page = { 'g{p="0"}': 4, 'g{p="1"}': 9 };
  it.each([
    ['max', 9],
    ['min', 4],
    ['sum', 13],
    ['avg', 6.5],
  ])('of: %s', (of, value) => {
    expect(run({ ...level, of }, [page])?.value).toBe(value);
  });

  it('is no reading without it, and says so', () => {
    const seen = run(level, [page, page, page]);
    expect(seen).toMatchObject({ verdict: 'nodata', value: null });
    expect(seen?.sentence).toContain('g has 2 series; say of: max, min, sum or avg');
  });

  it('leaves out what is NaN or invalid, except from sums and means', () => {
    const odd = { 'g{p="0"}': null, 'g{p="1"}': 50 };
    expect(run(level, [odd])).toMatchObject({ verdict: 'break', value: 50 });
    expect(run({ ...level, of: 'max' }, [odd])).toMatchObject({ verdict: 'break' });
    expect(run({ ...level, of: 'sum' }, [odd, odd, odd])?.sentence).toContain(
      '1 of 2 series of g have no number',
    );
    const valid = { min: 0, max: 40 };
    expect(run({ ...level, valid }, [{ g: -1 }, { g: -1 }, { g: -1 }])?.sentence).toContain(
      'g is -1, which is no valid reading',
    );
    expect(run({ ...level, valid, of: 'max' }, [{ 'g{p="0"}': 3, 'g{p="1"}': 50 }])?.value).toBe(3);
  });

  it('is judged by selectors in every kind', () => {
    const selected = 'g{p="1"}';
    const windowed = { timeWindow: 5, minSamples: 1, threshold: 8 };
    for (const gate of [
      { ...level, gauge: selected, threshold: 8 },
      { kind: 'quantile', gauge: selected, ...windowed },
      { kind: 'ratio', rate: selected, ...windowed },
    ])
      expect(run(gate, [page, page])).toMatchObject({ verdict: 'break', value: 9 });
  });

  it('of more than 1,000 series is no reading', () => {
    const many = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`g{p="${i}"}`, 1]));
    expect(run({ ...level, of: 'max' }, [many, many, many])?.sentence).toContain(
      'g selects 1001 series, more than 1000: name labels',
    );
  });
});

describe('a histogram of several series', () => {
  const gate = {
    kind: 'quantile',
    histogram: 'h{route!="/health"}',
    q: 0.5,
    threshold: 9,
    timeWindow: 5,
  };
  const h = (le: Record<string, number>) => ({ le, count: Math.max(...Object.values(le)), sum: 0 });
  it('merges their buckets, also where they are others', () => {
    const pages = [0, 10, 20].map((n) => ({
      'h{route="/a"}': h({ '1': n, '2': 2 * n, '+Inf': 2 * n }),
      'h{route="/b"}': h({ '4': n, '+Inf': n }),
      'h{route="/health"}': h({ '1': 1000 * n, '+Inf': 1000 * n }),
    }));
    // 20 to 1, 40 to 2, then all that is known to be within 4.
    expect(run(gate, pages)).toMatchObject({ events: 60, value: 1.5 });
  });

  it('whose sum is NaN is judged by its buckets', () => {
    const pages = [0, 1, 2].map((i) => ({
      h: { le: { '2': 0, '20': 100 * i, '+Inf': 100 * i }, count: 100 * i, sum: null },
    }));
    expect(run({ ...gate, histogram: 'h' }, pages)).toMatchObject({ verdict: 'break', value: 11 });
  });

  it('breaks a limit under its highest bucket, and shows none at or over it', () => {
    const pages = [0, 1, 2].map((i) => ({ h: h({ '1': 0, '2.5': 0, '+Inf': 100 * i }) }));
    const judged = (threshold: number) => run({ ...gate, histogram: 'h', threshold }, pages);
    expect(judged(2)).toMatchObject({ verdict: 'break', value: 2.5 });
    expect(judged(2)?.sentence).toContain('q0.5 2.5 over 5 min or more, over the limit of 2');
    for (const threshold of [2.5, 5])
      expect(judged(threshold)).toMatchObject({ verdict: 'nodata' });
  });
});

it('selectorsOf names what a source has to keep', () => {
  const policy = policyOf({
    healthFailures: { threshold: 2 },
    errors: { ...ratio },
    slow: { kind: 'quantile', histogram: 'h', q: 0.9, threshold: 1, timeWindow: 10 },
    p95HashTime: { threshold: 2000, timeWindow: 15 },
    restarts: { kind: 'restarts', threshold: 1, timeWindow: 10 },
  });
  expect(
    selectorsOf(policy).map(({ gate, key, type, text, optional }) => [
      gate,
      key,
      type,
      text,
      optional,
    ]),
  ).toEqual([
    ['errors', 'bad', 'counter', 'r{code=~"5.."}', false],
    ['errors', 'total', 'counter', 'r', false],
    ['slow', 'histogram', 'histogram', 'h', false],
    ['p95HashTime', 'gauge', 'gauge', 'p95_hash_time', false],
    ['p95HashTime', 'events', 'counter', 'total_processed', true],
  ]);
});
