import { describe, expect, it } from 'vitest';
import { disarm, judgeArming, lookAtGates } from '../src/config.ts';
import type { PolledSample, Sample } from '../src/index.ts';
import { only } from './support/polls.ts';

const ratio = {
  kind: 'ratio',
  bad: 'error_total',
  total: 'requests_total',
  threshold: 5,
  timeWindow: 5,
};
const samples = (
  metrics: Record<string, unknown> | undefined,
  more: Partial<PolledSample> = {},
): Sample[] => [0, 1, 2].map((i) => ({ at: i * 5000, health: { ok: true }, metrics, ...more }));
const look = (gate: Record<string, unknown>, given: readonly Sample[], options = {}) =>
  lookAtGates(only(gate), given, options)[0];
const blind = (gate: Record<string, unknown>, given: readonly Sample[], options = {}) => {
  const { state, sentence } = look(gate, given, options) ?? {};
  return state === 'blind' ? sentence : state;
};

describe('a gate is blind, and says why', () => {
  const total = { requests_total: 400 };
  it.each<[string, Record<string, unknown>, Sample[], object, string]>([
    [
      'a slip in a name',
      ratio,
      samples({ ...total, errors_total: 3 }),
      {},
      'gate: error_total is not there; errors_total is',
    ],
    [
      'a name that only the page has',
      ratio,
      samples(total),
      { names: ['errors_total', 'up'] },
      'gate: error_total is not there; errors_total is',
    ],
    [
      'a name with another ending',
      { ...ratio, bad: 'errors' },
      samples(total),
      { names: ['errors_total', 'error'] },
      'gate: errors is not there; errors_total is',
    ],
    [
      'a counter that may come with its first error',
      { ...ratio, bad: 'zzz' },
      samples(total),
      {},
      'gate: zzz is not there (a counter that is shown only after its first use? say absent: 0)',
    ],
    [
      'no metrics',
      ratio,
      samples(undefined, { metricsError: 'HTTP 404' }),
      {},
      'gate: no metrics: HTTP 404',
    ],
    ['no source', ratio, samples(undefined), {}, 'gate: no metrics in any sample'],
    [
      'what the source could not read',
      { kind: 'level', gauge: 'q', threshold: 1 },
      samples({}, { unread: { q: 'read 2 h ago' } }),
      {},
      'gate: q: read 2 h ago',
    ],
    [
      'labels that select nothing',
      { kind: 'level', gauge: 'q{p="9"}', threshold: 1 },
      samples({ 'q{p="1"}': 1 }),
      {},
      'gate: q{p="9"} selects no series, though q is there',
    ],
    [
      'several series of a gauge',
      { kind: 'level', gauge: 'q', threshold: 1 },
      samples({ 'q{p="1"}': 1, 'q{p="2"}': 1 }),
      {},
      'gate: q has 2 series; say of: max, min, sum or avg',
    ],
    [
      'a limit over the highest bucket',
      {
        kind: 'quantile',
        histogram: 'h',
        q: 0.9,
        scale: 1000,
        unit: 'ms',
        threshold: 5000,
        timeWindow: 5,
      },
      samples({ h: { le: { '1': 3, '2.5': 5, '+Inf': 5 }, count: 5, sum: 1 } }),
      {},
      "gate: its highest finite bucket is 2500 ms: a limit of 5000 ms can't be shown",
    ],
    [
      'no start times',
      { kind: 'restarts', threshold: 1, timeWindow: 5 },
      samples({}),
      {},
      'gate: no start time is told: process_start_time_seconds',
    ],
    [
      'a comparison',
      { kind: 'compare', gauge: 'q', tolerance: 0.1 },
      samples({ p: 1 }),
      {},
      'gate: q is not there',
    ],
  ])('%s', (_title, gate, given, options, sentence) => {
    expect(blind(gate, given, options)).toBe(sentence);
  });

  it('several processes behind one address', () => {
    const given = [5, 6, 5].map(
      (start, i): Sample => ({
        at: 1e7 + i * 5000,
        metrics: { error_total: 1, requests_total: 9 },
        processes: { shop: start },
      }),
    );
    expect(blind(ratio, given)).toContain('gate: several processes answer at this address');
  });

  it('a relative limit that can never break', () => {
    const given = Array.from(
      { length: 9 },
      (_, i): Sample => ({
        at: i * 5000,
        metrics: { error_total: 40 * i, requests_total: 100 * i },
      }),
    );
    const { threshold: _, ...relative } = { ...ratio, relativeTo: 'baseline', factor: 3 };
    expect(blind(relative, given)).toMatch(
      /^gate: the limit would be 1\d\d\.?\d* %, which no share is over: say atMost$/,
    );
  });
});

describe('a gate is ready', () => {
  it.each<[string, Record<string, unknown>, Sample[]]>([
    [
      'where there is no traffic, or too little',
      ratio,
      samples({ error_total: 0, requests_total: 1 }),
    ],
    [
      'where the page knows the counter',
      ratio,
      samples({ requests_total: 400 }, { known: ['error_total'] }),
    ],
    ['where absent is 0', { ...ratio, absent: 0 }, samples({ requests_total: 400 })],
    [
      'where one of three samples brought a reading',
      { kind: 'level', gauge: 'q', threshold: 5 },
      [...samples({}).slice(1), { at: 20_000, metrics: { q: 1 } }],
    ],
    [
      'where only optional events are missing',
      { kind: 'quantile', gauge: 'q', threshold: 5, timeWindow: 5 },
      samples({ q: 1 }),
    ],
  ])('%s', (_title, gate, given) => {
    expect(look(gate, given)?.state).toBe('ready');
  });
});

it('what comes with the release may be expected, and what observes or advises refuses nothing', () => {
  const policy = only(ratio);
  const given = samples({ requests_total: 400 });
  expect(judgeArming(policy, given).map(({ state }) => state)).toEqual(['blind']);
  expect(lookAtGates(policy, given, { expect: ['gate'] }).map(({ state }) => state)).toEqual([
    'expected',
  ]);
  expect(judgeArming(policy, given, { expect: ['gate'] })).toEqual([]);
  expect(judgeArming(disarm(policy, ['gate']), given)).toEqual([]);
  expect(judgeArming(only({ ...ratio, onBreak: 'advise' }), given)).toEqual([]);
  expect(() => lookAtGates(policy, given, { expect: ['gat'] })).toThrow(
    'has no gate gat; it has gate',
  );
  expect(lookAtGates(policy, [])).toEqual([]);
});
