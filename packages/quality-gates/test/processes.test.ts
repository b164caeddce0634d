import { describe, expect, it } from 'vitest';
import { replay, type Sample } from '../src/index.ts';
import { only } from './support/polls.ts';

const ratio = {
  kind: 'ratio',
  bad: 'errors',
  total: 'requests',
  threshold: 5,
  timeWindow: 5,
};
const policy = only(ratio);
const startedAtS = 10_000_000;

type Counts = readonly [requests: number, errors: number, start?: number];
/** A poll every 30 s. */
const samplesOf = (counts: readonly Counts[]): Sample[] =>
  counts.map(([requests, errors, start], i) => ({
    at: (startedAtS + 30 * i) * 1000,
    health: { ok: true },
    metrics: {
      requests,
      errors,
      ...(start === undefined ? {} : { process_start_time_seconds: startedAtS + start }),
    },
  }));
/** Requests and failures of each poll, added up; from 50,000 requests on, of which 1 % failed. */
const growing = (
  rises: readonly (readonly [number, number])[],
  start?: number,
  from: readonly [number, number] = [50_000, 500],
): Counts[] => {
  let [requests, errors] = from;
  const counts: Counts[] = [start === undefined ? [requests, errors] : [requests, errors, start]];
  for (const [more, failing] of rises) {
    requests += more;
    errors += failing;
    counts.push(start === undefined ? [requests, errors] : [requests, errors, start]);
  }
  return counts;
};
const times = <T>(n: number, each: T): T[] => new Array<T>(n).fill(each);
const end = (counts: readonly Counts[]) => {
  const { decision, at, gates, reasons } = replay(policy, samplesOf(counts));
  return { decision, second: at / 1000 - startedAtS, sentence: gates['gate']?.sentence, reasons };
};

describe.each([
  ['start times are not told', undefined, undefined],
  ['start times are told', -9000, 101],
  ['start times are told to fractions of a second', -9000.5, 101.25],
] as const)('one process, whose %s', (_title, before, after) => {
  const good = growing(times(3, [100, 1] as const), before);

  it('is judged one reading later where it was started anew and then fails', () => {
    // Polls at 0 to 90 of the old process; the new one is seen at 120 and confirmed at 150.
    const failing = growing(times(17, [100, 30] as const), after, [60, 18]);
    expect(end([...good, ...failing])).toMatchObject({ decision: 'rollback', second: 150 });
  });

  it('is promoted where it was started anew and then does not fail', () => {
    const fine = growing(times(16, [100, 1] as const), after, [60, 0]);
    expect(end([...good, ...fine])).toMatchObject({ decision: 'promote' });
  });

  it('is judged one reading later at the latest where 20 times as many requests fail at once', () => {
    const burst = growing(
      [...times(3, [100, 1] as const), ...times(17, [2000, 600] as const)],
      before,
    );
    const { decision, second } = end(burst);
    expect(decision).toBe('rollback');
    expect(second).toBeLessThanOrEqual(150);
  });

  it('is promoted where 20 times as many requests come and hardly any fails', () => {
    const counts = growing(
      [
        ...times(3, [100, 1] as const),
        ...times(4, [2000, 20] as const),
        ...times(13, [100, 1] as const),
      ],
      before,
    );
    expect(end(counts)).toMatchObject({ decision: 'promote' });
  });

  it('is judged at once where it fails from the start', () => {
    const counts = growing(times(20, [100, 30] as const), before, [100, 30]);
    expect(end(counts)).toMatchObject({ decision: 'rollback', second: 60 });
  });

  it('is judged a reading later at most where it begins to fail', () => {
    const counts = growing(
      [...times(5, [100, 1] as const), ...times(15, [100, 40] as const)],
      before,
    );
    const { decision, second } = end(counts);
    expect([decision, second <= 210]).toEqual(['rollback', true]);
  });
});

it.each([
  ['not told', undefined, undefined],
  ['told', -9000, 595],
] as const)(
  'is not promoted where the last reading may be of another process, start times %s',
  (_title, before, after) => {
    const counts = growing(times(19, [100, 1] as const), before);
    const { decision, reasons } = end([...counts, ...growing([], after, [20, 9])]);
    expect(decision).toBe('inconclusive');
    expect(reasons.join()).toMatch(/none confirms (whose they are|it)/);
  },
);

it('a process that can be taken for no other is judged at once where many requests fail', () => {
  const rises = [...times(3, [100, 1] as const), ...times(17, [2000, 600] as const)];
  expect(end(growing(rises, -9000.5))).toMatchObject({ decision: 'rollback', second: 120 });
  expect(end(growing(rises, -9000))).toMatchObject({ decision: 'rollback', second: 150 });
});

describe('counters that fall', () => {
  it.each([
    ['one of them by one, once', [[50_300, 499]]],
    [
      'one of them by one, again and again',
      [
        [50_300, 499],
        [50_400, 501],
        [50_500, 500],
        [50_600, 502],
        [50_700, 501],
      ],
    ],
    [
      'both of them by little, under one start time',
      [
        [50_190, 499, 7],
        [50_300, 502, 7],
      ],
    ],
    [
      'both of them to nothing, once, under one start time',
      [
        [0, 0, 7],
        [50_400, 504, 7],
      ],
    ],
  ] as const)('%s: no restart, and no break', (_title, odd) => {
    const start = odd[0][2];
    const before = growing(times(2, [100, 1] as const), start);
    const last = odd.at(-1) as Counts;
    const after = growing(times(20 - before.length - odd.length, [100, 1] as const), start, [
      last[0] + 100,
      last[1] + 1,
    ]);
    expect(end([...before, ...(odd as readonly Counts[]), ...after])).toMatchObject({
      decision: 'promote',
    });
  });

  it('alone begin anew where they stay low: what fails from there on is counted', () => {
    const before = growing(times(5, [100, 1] as const));
    const after = growing(times(14, [100, 30] as const), undefined, [50_600, 3]);
    expect(end([...before, ...after])).toMatchObject({ decision: 'rollback' });
  });
});

describe('a page of two workers', () => {
  const worker = (name: string, requests: number, errors: number) => ({
    [`requests{worker="${name}"}`]: requests,
    [`errors{worker="${name}"}`]: errors,
  });
  /** The second one is started anew at the 9th poll, with so many of its 50 requests a poll failing from there on. */
  const run = (failing: number) =>
    replay(
      policy,
      Array.from({ length: 21 }, (_, i) => ({
        at: i * 30_000,
        health: { ok: true },
        metrics: {
          ...worker('1', 5000 + 50 * i, 10 + Math.floor(i / 5)),
          ...(i < 8
            ? worker('2', 5000 + 50 * i, 10 + Math.floor(i / 5))
            : worker('2', 50 * (i - 8), failing * (i - 8))),
        },
      })),
    ).decision;
  it.each([15, 20, 25, 50])(
    'is rolled back where one is started anew and fails %d of 50',
    (failing) => {
      expect(run(failing)).toBe('rollback');
    },
  );

  it('is promoted where one is started anew and does not fail', () => {
    expect(run(0)).toBe('promote');
  });
});

describe('more failures than requests', () => {
  const counted = (perPoll: number) =>
    growing(times(20, [100, perPoll] as const), undefined, [0, 0]);
  it('are a misreading at first, and break where they last for three readings', () => {
    const { history } = replay(policy, samplesOf(counted(130)));
    expect(history.map(({ gates }) => gates['gate']?.verdict)).toEqual([
      'pending',
      'pending',
      'pending',
      'break',
    ]);
    expect(history[2]?.gates['gate']?.sentence).toContain('more of errors than of requests');
  });

  it('break nothing where they were read once', () => {
    const counts = growing(times(20, [100, 1] as const)).map(
      ([requests, errors], i): Counts => [requests, i === 9 ? errors + 100_000 : errors],
    );
    expect(end(counts).decision).not.toBe('rollback');
  });
});

describe('a process that is started again and again', () => {
  const looping = (gates: Record<string, Record<string, unknown>>) => {
    const looped = only({ ...ratio });
    const samples = samplesOf(Array.from({ length: 21 }, (_, i): Counts => [90, 0, 30 * i - 3]));
    return replay(
      { ...looped, gates: { ...looped.gates, ...gates } as typeof looped.gates },
      samples,
    );
  };
  it('is not promoted, and the reason says why', () => {
    const { decision, reasons, gates } = looping({});
    expect(decision).toBe('inconclusive');
    expect(reasons.join('\n')).toContain('the process was started anew 19 times in 10 min');
    expect(gates['gate']?.sentence).toBe(
      'gate: 20 polls in a row without a reading of errors and requests: the process was started anew 19 times in 10 min',
    );
  });

  it('breaks a gate that counts restarts', () => {
    const { restarts } = only(
      { ...ratio },
      {
        qualityGates: { restarts: { kind: 'restarts', threshold: 2, timeWindow: 10 } },
      },
    ).gates;
    const { decision, reasons } = looping({ restarts: restarts as never });
    expect([decision, reasons]).toEqual([
      'rollback',
      ['restarts broke: 3 restarts over 10 min, over the limit of 2'],
    ]);
  });
});

describe('start times', () => {
  const two = (starts: readonly number[]) =>
    replay(
      policy,
      starts.map((start, i) => ({
        at: 10_000_000 + i * 30_000,
        health: { ok: true },
        metrics: { requests: 1000 + 100 * i, errors: 0 },
        processes: { shop: start },
      })),
    ).gates['gate']?.sentence ?? '';
  it.each([
    ['an earlier one than the last answer', [9000, 9001]],
    ['one that comes back', [9000, 10_010, 9000]],
    ['the earlier of two', [9001, 9000]],
  ])('%s: several processes', (_title, starts) => {
    expect(two(starts)).toContain('several processes answer at this address');
  });

  it.each([
    ['one that is told a little differently each time', [9000, 9000.04, 8999.98, 9000.01]],
    [
      'one in whole seconds, of a process that was started right after an answer',
      [9000, 9999.2, 9999.2, 9999.2],
    ],
  ])('%s: one process', (_title, starts) => {
    expect(two(starts)).not.toContain('several processes');
  });
});
