import { nextPollAt, type Sample, startWatch, type WatchPolicy } from '../../src/index.ts';
import { type Metrics, type Service, sampleAt } from './live.ts';
import { only } from './polls.ts';

/** One watch of a scene: a gate, and the service that it sees. */
type Row = {
  readonly label: string;
  readonly gate: Record<string, unknown>;
  readonly environment?: Record<string, unknown>;
  readonly service?: Service;
};

/** What a picture shows: the same time under one rule or two. */
export type Scene = {
  readonly file: string;
  readonly title: string;
  readonly unit: string;
  readonly service: Service;
  readonly rows: readonly [Row, ...Row[]];
  /** The gauge that is drawn as it is read, beside what the gate makes of it. */
  readonly gauge?: string;
  /** Readings of that gauge under the old release, 30 s apart. */
  readonly baseline?: readonly number[];
};

const gauge = (x: (second: number) => number): Service => {
  return (second) => ({ metrics: { x: x(second) } });
};
/** A check that fails at these seconds. */
const failing = (isDown: (second: number) => boolean): Service => {
  return (second) => ({ ok: !isDown(second), metrics: {} });
};
/** Counters of `perPoll` requests every 30 s, of which `bad(second)` failed. */
const counters = (perPoll: number, bad: (second: number) => number): Service => {
  return (second) => {
    let failed = 0;
    for (let at = 30; at <= second; at += 30) failed += bad(at);
    return { metrics: { bad_total: failed, all_total: (perPoll * second) / 30 } };
  };
};
/** A histogram of 100 requests every 30 s: so many of them between 2 and 4 s, the others under 1 s. */
const histogram = (slow: (second: number) => number): Service => {
  return (second) => {
    let slowOnes = 0;
    for (let at = 30; at <= second; at += 30) slowOnes += slow(at);
    const count = (100 * second) / 30;
    const fast = count - slowOnes;
    const le = { '0.5': fast / 2, '1': fast, '2': fast, '4': count, '+Inf': count };
    const seconds: Metrics = { seconds: { le, count, sum: count } };
    return { metrics: seconds };
  };
};
/** Requests by code: 2 of 100 fail, and from 300 s on 30 of 100 are not found. */
const codes: Service = (second) => {
  const polls = second / 30;
  const lost = 30 * Math.max(0, polls - 9);
  return {
    metrics: {
      'requests_total{code="200"}': 98 * polls - lost,
      'requests_total{code="404"}': lost,
      'requests_total{code="503"}': 2 * polls,
    },
  };
};
/** A process that has counted since `age` seconds before the watch; the replay's clock begins at 0. */
const process = (second: number, age: number, failing: number): Metrics => ({
  all_total: (100 * (second + age)) / 30,
  bad_total: (failing * (second + age)) / 30,
});
/** Readings that repeat: a gauge is never quite still. */
const wobble = (second: number): number => [0, 3, -2, 5, -4, 1, -1, 2][(second / 30) % 8] ?? 0;

const level = { kind: 'level', gauge: 'x', threshold: 10 };
const ratio = {
  kind: 'ratio',
  bad: 'bad_total',
  total: 'all_total',
  threshold: 5,
  unit: 'percent',
};
const series = { ...ratio, total: 'requests_total', timeWindow: 3, confidence: 'off' };
const streak = { kind: 'consecutive', threshold: 2 };
const steady = failing((s) => s >= 330);

/** A picture for each kind, and for each key that changes when a gate breaks. */
export const scenes: readonly Scene[] = [
  {
    file: 'consecutive',
    title: 'consecutive, threshold 2: the third check in a row that is not OK',
    unit: 'checks in a row',
    service: failing((s) => s === 90 || s === 180 || s === 210 || s >= 360),
    rows: [{ label: 'verdict', gate: streak }],
  },
  {
    file: 'share',
    title: 'share, threshold 20 over 4 min: one replica of four is dead from 210 s on',
    unit: 'percent',
    service: failing((s) => s >= 210 && s % 120 === 90),
    rows: [
      {
        label: 'verdict',
        gate: { kind: 'share', threshold: 20, timeWindow: 4, minSamples: 5 },
      },
    ],
  },
  {
    file: 'ratio',
    title: 'ratio, threshold 5 over 3 min: 12 of 100 requests fail from 300 s on',
    unit: 'percent',
    service: counters(100, (s) => (s < 300 ? 2 : 12)),
    rows: [{ label: 'verdict', gate: { ...ratio, timeWindow: 3, confidence: 'off' } }],
  },
  {
    file: 'quantile',
    title: 'quantile 0.95, threshold 2000 ms over 3 min: 20 of 100 requests are slow from 300 s on',
    unit: 'ms',
    service: histogram((s) => (s < 300 ? 1 : 20)),
    rows: [
      {
        label: 'verdict',
        gate: {
          ...{ kind: 'quantile', histogram: 'seconds', q: 0.95, scale: 1000, unit: 'ms' },
          ...{ threshold: 2000, timeWindow: 3 },
        },
      },
    ],
  },
  {
    file: 'level',
    title: 'level, threshold 10: at the threshold holds, over it breaks',
    unit: 'items',
    service: gauge((s) => (s < 240 ? 4 + wobble(s) / 2 : s < 420 ? 10 : 11)),
    rows: [{ label: 'verdict', gate: level }],
    gauge: 'x',
  },
  {
    file: 'compare',
    title: 'compare, tolerance 0.1: judged once, at the end, against the old release',
    unit: 'ms',
    service: gauge((s) => 130 + 2 * wobble(s)),
    rows: [
      {
        label: 'verdict',
        gate: { kind: 'compare', gauge: 'x', tolerance: 0.1, unit: 'ms' },
        environment: { baseline: { duration: 5, cadence: 30 } },
      },
    ],
    gauge: 'x',
    baseline: [100, 103, 97, 105, 95, 101, 99, 102, 100, 98],
  },
  {
    file: 'relative-to',
    title: 'relativeTo baseline, factor 3, for 3: three times what the old release did',
    unit: 'items',
    service: gauge((s) => (s === 120 ? 14 : s < 360 ? 5 + wobble(s) / 4 : 14)),
    rows: [
      {
        label: 'verdict',
        gate: { kind: 'level', gauge: 'x', relativeTo: 'baseline', factor: 3, for: 3 },
        environment: { baseline: { duration: 2, cadence: 30 } },
      },
    ],
    gauge: 'x',
    baseline: [4, 4, 4, 4],
  },
  {
    file: 'n-of-m',
    title: 'for "3 of 5": a value that comes and goes',
    unit: 'items',
    service: gauge((s) => (s === 90 || s === 300 || s === 360 || s >= 420 ? 13 : 6)),
    rows: [
      { label: 'for 3', gate: { ...level, for: 3 } },
      { label: '3 of 5', gate: { ...level, for: '3 of 5' } },
    ],
    gauge: 'x',
  },
  {
    file: 'confidence',
    title: 'confidence: 20 requests a poll, of which 3 fail early by chance, 3 of 100 later',
    unit: 'percent',
    service: counters(20, (s) => (s === 60 ? 3 : s % 90 === 0 ? 1 : 0)),
    rows: [
      { label: '"off"', gate: { ...ratio, timeWindow: 10, confidence: 'off' } },
      { label: '0.99', gate: { ...ratio, timeWindow: 10, confidence: 0.99 } },
    ],
  },
  {
    file: 'control',
    title: "health.control: the monitor's own network is down from 240 s to 330 s",
    unit: 'checks in a row',
    service: failing((s) => s >= 240 && s < 330),
    rows: [
      { label: 'without', gate: streak },
      {
        label: 'with',
        gate: streak,
        environment: { minCoverage: 0.8 },
        service: (s) => ({ ok: s >= 240 && s < 330 ? null : true, metrics: {} }),
      },
    ],
  },
  {
    file: 'observe',
    title: 'mode observe: judged and reported, decides nothing',
    unit: 'items',
    service: gauge((s) => (s < 330 ? 6 : 13)),
    rows: [
      { label: 'enforce', gate: level },
      { label: 'observe', gate: { ...level, mode: 'observe' } },
    ],
    gauge: 'x',
  },
  {
    file: 'suspect',
    title: 'pollCadence.suspect 10: the service dies at 330 s, polls are 120 s apart',
    unit: 'checks in a row',
    service: steady,
    rows: [
      { label: 'off', gate: streak, environment: { pollCadence: { initial: 120, normal: 120 } } },
      {
        label: '10 s',
        gate: streak,
        environment: { pollCadence: { initial: 120, normal: 120, suspect: 10 } },
      },
    ],
  },
  {
    file: 'series',
    title: 'ratio, threshold 5 over 3 min: from 300 s on 30 of 100 requests are not found',
    unit: 'percent',
    service: codes,
    rows: [
      {
        label: '4.. or 5..',
        gate: { ...series, bad: 'requests_total{code=~"4..|5.."}' },
      },
      { label: '5..', gate: { ...series, bad: 'requests_total{code=~"5.."}' } },
    ],
  },
  {
    file: 'processes',
    title:
      'ratio, threshold 5 over 3 min: started anew at 290 s and failing 12 of 100; two good ones in turns',
    unit: 'percent',
    service: (s) => ({ metrics: s < 300 ? process(s, 9000, 2) : process(s - 290, 0, 12) }),
    rows: [
      { label: 'started anew', gate: { ...ratio, timeWindow: 3, confidence: 'off' } },
      {
        label: 'two in turns',
        gate: { ...ratio, timeWindow: 3, confidence: 'off' },
        service: (s) => ({ metrics: s % 60 === 0 ? process(s, 9000, 1) : process(s, 6000, 3) }),
      },
    ],
  },
  {
    file: 'restarts',
    title:
      'restarts, threshold 2 over 5 min: a process that is started anew at each poll from 210 s on',
    unit: 'restarts',
    // Start times are epoch seconds; the watch of a picture begins at 0.
    service: (s) => ({ metrics: { process_start_time_seconds: s < 210 ? 1 : s - 5 } }),
    rows: [{ label: 'verdict', gate: { kind: 'restarts', threshold: 2, timeWindow: 5 } }],
  },
  {
    file: 'advise',
    title: 'level, threshold 10: once over it, at 300 s',
    unit: 'items',
    service: gauge((s) => (s === 300 ? 14 : 6 + wobble(s) / 2)),
    gauge: 'x',
    rows: [
      { label: 'rollback', gate: level },
      { label: 'advise', gate: { ...level, onBreak: 'advise' } },
    ],
  },
];

const startOf = ({ baseline = [] }: Scene) => ({
  startedAt: 0,
  baseline: baseline.map(
    (x, i): Sample => ({
      at: (i - baseline.length) * 30_000,
      health: { ok: true },
      metrics: { x },
    }),
  ),
});

/** Watches a row of a scene to its end, poll for poll, with the real engine. */
export const watchRow = (scene: Scene, row: Row) => {
  const policy: WatchPolicy = only(row.gate, row.environment);
  const watch = startWatch(policy, startOf(scene));
  const history = [];
  let suspicious = false;
  for (
    let at: number | null = 0;
    at !== null;
    at = nextPollAt(policy, { startedAt: 0, lastAt: at, suspicious })
  ) {
    const sample = sampleAt(at / 1000, row.service ?? scene.service);
    if (sample === null) continue;
    const assessment = watch.observe(sample);
    const verdict = assessment.gates['gate'];
    if (verdict === undefined) throw new Error(`${scene.file} has no gate`);
    history.push({ second: at / 1000, decision: assessment.decision, ...verdict });
    suspicious = verdict.suspicious;
    if (assessment.decision !== 'continue') break;
  }
  return { label: row.label, durationSeconds: policy.durationMs / 1000, history };
};
