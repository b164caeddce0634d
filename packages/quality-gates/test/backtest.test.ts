import { describe, expect, it } from 'vitest';
import { type PolledSample, replay } from '../src/index.ts';
import {
  backtest,
  type Recording,
  rangeQueries,
  recordedSeries,
  watchPast,
  withConfidence,
} from '../src/tune.ts';
import { policyOf } from './support/policies.ts';
import { level, only } from './support/polls.ts';
import { production, recorded } from './support/recorded.ts';

const minutes = (count: number) => count * 60_000;
const policy = only({ ...level, threshold: 10 });
/** A queue by the minute. */
const queue = (length: (minute: number) => number | null): Recording => ({
  sampleAt: (at) => {
    const x = length(at / 60_000);
    return x === null ? null : { at, health: { ok: true }, metrics: { x } };
  },
});
const range = { from: 0, to: minutes(60), everyMs: minutes(10) };

describe('a backtest', () => {
  it('begins a watch every so often, the last of which ends in time', () => {
    const { quiet } = backtest(
      policy,
      queue(() => 1),
      range,
    );
    expect(quiet.map(({ startedAt }) => startedAt / 60_000)).toEqual([0, 10, 20, 30, 40, 50]);
    expect(new Set(quiet.map(({ decision }) => decision))).toEqual(new Set(['promote']));
    expect(
      backtest(
        policy,
        queue(() => 1),
        { ...range, to: minutes(60) - 1 },
      ).quiet,
    ).toHaveLength(5);
  });

  it('says which watches break, when, and by which gate', () => {
    const spike = queue((minute) => (minute === 23 ? 11 : 1));
    const broken = backtest(policy, spike, range).quiet.filter(({ broke }) => broke.length > 0);
    expect(broken).toMatchObject([
      { startedAt: minutes(20), decision: 'rollback', at: minutes(23), broke: ['gate'] },
    ]);
  });

  it('counts no watch that touches an incident as quiet, and begins one with it', () => {
    const bad = queue((minute) => (minute >= 26 && minute < 33 ? 99 : 1));
    const incidents = [{ from: minutes(25), to: minutes(33) }];
    const { quiet, incidents: caught } = backtest(policy, bad, { ...range, incidents });
    expect(quiet.map(({ startedAt }) => startedAt / 60_000)).toEqual([0, 10, 40, 50]);
    expect(caught).toMatchObject([
      { from: minutes(25), watch: { decision: 'rollback', at: minutes(26), broke: ['gate'] } },
    ]);
  });

  it('leaves out watches of which nothing was recorded, and keeps those with a gap', () => {
    const { quiet } = backtest(
      policy,
      queue((minute) => (minute < 15 ? 1 : null)),
      range,
    );
    expect(quiet.map(({ decision, polls }) => [decision, polls])).toEqual([
      ['promote', 21],
      ['inconclusive', 10],
    ]);
  });

  it('polls as a watch does: what it decides is what a replay does', () => {
    for (const service of [
      () => ({}),
      (s: number) => ({ failing: s < 900 ? 2 : 30 }),
      (s: number) => ({ ok: s < 2000 }),
    ]) {
      const samples = new Map<number, PolledSample>();
      for (const sample of recorded(service)) samples.set(Number(sample.at), sample);
      const recording = { sampleAt: (at: number) => samples.get(at) ?? null };
      const { decision, at, reasons } = replay(production, [...samples.values()]);
      expect(watchPast(production, recording, 0)).toMatchObject({ decision, at, reasons });
    }
  });

  it('takes suspect polls, and a baseline from before', () => {
    const asked: number[] = [];
    const recording: Recording = {
      sampleAt: (at) => {
        asked.push(at / 1000);
        return { at, health: { ok: at < 2_000_000 + 120_000 }, metrics: {} };
      },
    };
    const suspecting = policyOf(
      { healthFailures: { threshold: 2 } },
      { pollCadence: { suspect: 10 }, baseline: { duration: '30s', cadence: 15 } },
    );
    expect(watchPast(suspecting, recording, 120_000)).toMatchObject({
      decision: 'rollback',
      at: 2_240_000,
    });
    expect(asked.slice(0, 4)).toEqual([90, 105, 120, 150]);
    expect(asked.slice(-3)).toEqual([2220, 2230, 2240]);
  });
});

it('changes the confidence of ratios of counters only', () => {
  const plain = withConfidence(production, null);
  expect(plain.gates['extractionFailureRate']).toMatchObject({ confidence: null, threshold: 5 });
  expect(plain.gates['p95HashTime']).toBe(production.gates['p95HashTime']);
  expect(withConfidence(plain, 0.99)).toEqual(production);
});

describe('what a Prometheus recorded', () => {
  const ratio = { kind: 'ratio', bad: 'e{code=~"5.."}', total: 't', threshold: 5, timeWindow: 10 };
  const gates = only({ ...ratio, minEvents: 1 });
  const options = { matchers: 'job="shop"', lookbackMs: 60_000 };

  it('is asked for series by series, each metric once', () => {
    expect(rangeQueries(gates, options).map(({ query }) => query)).toEqual([
      'last_over_time({__name__="e",code=~"5..",job="shop"}[60000ms])',
      'last_over_time({__name__="t",job="shop"}[60000ms])',
      'last_over_time({__name__="process_start_time_seconds",job="shop"}[60000ms])',
    ]);
    expect(
      rangeQueries(production, { lookbackMs: 1000 }).map(({ name, reads }) => [name, reads]),
    ).toEqual([
      ['dhash_extraction_failures_total', 'number'],
      ['dhash_processed_total', 'number'],
      ['dhash_hash_duration_seconds', 'buckets'],
      ['dhash_low_confidence_queue_length', 'number'],
      ['process_start_time_seconds', 'start time'],
    ]);
  });

  it('is read series by series: a replica that was not scraped for a while is no restart', () => {
    const [errors, total] = rangeQueries(gates, options);
    if (errors === undefined || total === undefined) throw new Error('no queries');
    const grid = { from: 0, to: 600_000, stepMs: 30_000 };
    const series = (instance: string, from: number, each: number, code?: string) => ({
      labels: { instance, ...(code === undefined ? {} : { code }) },
      points: Array.from({ length: 21 }, (_, i) => [i * 30, from + i * each] as const).filter(
        ([second]) => instance === 'a' || second < 300 || second >= 420,
      ),
    });
    const recording = recordedSeries(
      [
        { query: errors, series: [series('a', 0, 1, '500'), series('b', 40_000, 1, '503')] },
        { query: total, series: [series('a', 0, 100), series('b', 400_000, 100)] },
      ],
      grid,
      () => true,
    );
    expect(recording.sampleAt(300_000)).toEqual({
      at: 300_000,
      health: { ok: true },
      metrics: { 'e{code="500",instance="a"}': 10, 't{instance="a"}': 1000 },
      known: ['e', 't'],
    });
    const { decision, reasons } = watchPast(gates, recording, 0);
    expect([decision, reasons]).toEqual(['promote', []]);
  });
});
