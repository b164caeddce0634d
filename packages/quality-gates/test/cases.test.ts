import { describe, expect, it } from 'vitest';
import { replay } from '../src/index.ts';
import { healthyMetrics, live, type Metrics, type Service } from './support/live.ts';
import { type Gates, policyOf, productionGates } from './support/policies.ts';

const counterGates = (more: Record<string, unknown> = {}): Gates => ({
  ...productionGates,
  extractionFailureRate: { bad: 'bad', total: 'total', threshold: 5, timeWindow: 10, ...more },
});
/** How many scheduled polls of production there were before this second. */
const pollsBefore = (second: number) =>
  second <= 300 ? second / 30 : 10 + Math.ceil((second - 300) / 120);
const metrics = (more: Metrics): Metrics => ({ ...healthyMetrics, ...more });
const failsAt =
  (isDown: (second: number) => boolean): Service =>
  (second) => ({
    ok: !isDown(second),
  });
const gauge =
  (name: string, value: (second: number) => unknown): Service =>
  (second) => ({ metrics: metrics({ [name]: value(second) }) });
const counters =
  (bad: (second: number) => number, total: (second: number) => number): Service =>
  (second) => ({ metrics: metrics({ bad: bad(second), total: total(second) }) });
const perPoll = (bad: number) =>
  counters(
    (second) => bad * pollsBefore(second),
    (second) => 10 * pollsBefore(second),
  );

type Case = {
  id: string;
  title: string;
  service: Service;
  decision: string;
  second: number;
  gates?: Gates;
  environment?: Record<string, unknown>;
};

const cases: Case[] = [
  { id: '1', title: 'healthy', service: () => ({}), decision: 'promote', second: 3600 },
  {
    id: '2',
    title: 'health fails from 100 on',
    service: failsAt((s) => s >= 100),
    decision: 'rollback',
    second: 180,
  },
  {
    id: '3',
    title: 'never three failing checks in a row',
    service: failsAt((s) => [120, 150, 210, 240].includes(s)),
    decision: 'promote',
    second: 3600,
  },
  {
    id: '4',
    title: 'health fails from 2000 on',
    service: failsAt((s) => s >= 2000),
    decision: 'rollback',
    second: 2340,
  },
  {
    id: '5',
    title: 'the same with suspect polls',
    service: failsAt((s) => s >= 2000),
    environment: {
      pollCadence: { initial: 30, normal: 120, initialPeriod: 5, suspect: 10 },
    },
    decision: 'rollback',
    second: 2120,
  },
  {
    id: '6',
    title: 'rate exactly at the threshold',
    service: gauge('extraction_failures_rate', () => 5),
    decision: 'promote',
    second: 3600,
  },
  {
    id: '7',
    title: 'rate 100 from the start',
    service: gauge('extraction_failures_rate', () => 100),
    decision: 'rollback',
    second: 60,
  },
  {
    id: '8',
    title: 'counters, 30 % bad',
    gates: counterGates(),
    service: perPoll(3),
    decision: 'rollback',
    second: 60,
  },
  {
    id: '8a',
    title: 'counters, 10 % bad: no evidence before 420',
    gates: counterGates(),
    service: perPoll(1),
    decision: 'rollback',
    second: 420,
  },
  {
    id: '8a off',
    title: 'counters, 10 % bad, without confidence',
    gates: counterGates({ confidence: 'off' }),
    service: perPoll(1),
    decision: 'rollback',
    second: 60,
  },
  {
    id: '9',
    title: 'a restart between 90 and 120',
    gates: counterGates(),
    service: counters(
      (s) => (s <= 90 ? 3 : 0),
      (s) => (s <= 90 ? 10 * pollsBefore(s) : 5 + 10 * (pollsBefore(s) - 4)),
    ),
    decision: 'promote',
    second: 3600,
  },
  {
    id: '10',
    title: 'no traffic',
    gates: counterGates(),
    service: counters(
      () => 7,
      () => 700,
    ),
    decision: 'inconclusive',
    second: 3600,
  },
  {
    id: '11',
    title: 'one slow reading',
    service: gauge('p95_hash_time', (s) => (s === 420 ? 20_000 : 200)),
    decision: 'promote',
    second: 3600,
  },
  {
    id: '12',
    title: 'slow from 600 on',
    service: gauge('p95_hash_time', (s) => (s >= 600 ? 2500 : 200)),
    decision: 'rollback',
    second: 1140,
  },
  {
    id: '13',
    title: 'queue over its limit at 1500',
    service: gauge('low_confidence_queue_length', (s) => (s >= 1500 ? 1001 : 1000)),
    decision: 'rollback',
    second: 1500,
  },
  {
    id: '14',
    title: 'metrics absent throughout',
    service: () => ({ metrics: {} }),
    decision: 'inconclusive',
    second: 3600,
  },
  {
    id: '15',
    title: 'NaN at every other poll',
    service: gauge('p95_hash_time', (s) => (pollsBefore(s) % 2 === 1 ? Number.NaN : 800)),
    decision: 'promote',
    second: 3600,
  },
  {
    id: '16',
    title: 'an unknown check in a streak',
    service: (s) => ({ ok: s === 120 ? null : ![90, 150, 180].includes(s) }),
    decision: 'rollback',
    second: 180,
  },
  {
    id: '17',
    title: 'the machine slept for half an hour',
    service: (s) => (s > 1800 && s < 3600 ? null : {}),
    decision: 'inconclusive',
    second: 3600,
  },
  {
    id: '18',
    title: 'the last check fails',
    service: failsAt((s) => s === 3600),
    decision: 'inconclusive',
    second: 3600,
  },
];

describe('the table of cases', () => {
  it.each(cases)('$id: $title → $decision at $second s', (row) => {
    const policy = policyOf(row.gates ?? productionGates, row.environment);
    const watched = live(policy, row.service);
    expect([watched.last.decision, watched.second]).toEqual([row.decision, row.second]);
    const again = replay(policy, watched.samples);
    expect([again.decision, again.at / 1000]).toEqual([row.decision, row.second]);
    expect(again.history.map((each) => JSON.stringify(each))).toEqual(
      watched.history.map((each) => JSON.stringify(each)),
    );
  });

  it('says how much of the watch was seen, of one that slept', () => {
    const { last } = live(policyOf(), (s) => (s > 1800 && s < 3600 ? null : {}));
    expect(last.reasons).toContainEqual(expect.stringContaining('24 of 39'));
  });

  it('is not settled while the last check fails, and promotes on the next that is OK', () => {
    const policy = policyOf();
    const { last, samples } = live(
      policy,
      failsAt((s) => s === 3600),
    );
    expect(last.settled).toBe(false);
    const next = { at: 3_610_000, health: { ok: true }, metrics: healthyMetrics };
    expect(replay(policy, [...samples, next])).toMatchObject({
      decision: 'promote',
      settled: true,
      at: 3_610_000,
    });
    const failing = [3610, 3620].map((s) => ({ at: s * 1000, health: { ok: false } }));
    expect(replay(policy, [...samples, ...failing])).toMatchObject({
      decision: 'rollback',
      at: 3_620_000,
    });
  });

  it('counts 5 processed and none failed over the restart of case 9', () => {
    const policy = policyOf(counterGates({ minEvents: 1 }));
    const rows = [
      [0, 3, 0],
      [30, 3, 10],
      [60, 3, 20],
      [90, 3, 30],
      [120, 0, 5],
      [150, 0, 15],
    ] as const;
    const { history } = replay(
      policy,
      rows.map(([s, bad, total]) => ({
        at: s * 1000,
        health: { ok: true },
        metrics: metrics({ bad, total }),
      })),
    );
    expect(history.map((each) => each.gates['extractionFailureRate']?.events)).toEqual([
      // What fell may be another process's: the reading after it confirms the restart.
      0, 10, 20, 30, 30, 45,
    ]);
    expect(history.at(-1)?.gates['extractionFailureRate']?.value).toBe(0);
  });
});
