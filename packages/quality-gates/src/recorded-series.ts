import type { Recording } from './backtest.ts';
import type { WatchPolicy } from './policy.ts';
import { parseSelector } from './series/selector.ts';
import { selectorsOf } from './series/selectors-of.ts';
import { seriesKey } from './series/series-key.ts';

/** What to ask a Prometheus for, over a range, to know what the gates of a policy would have read. */
export type RangeQuery = {
  /** PromQL; each series of its answer is one series of a sample. */
  readonly query: string;
  /** Of the metric in a sample; of a histogram without `_bucket`. */
  readonly name: string;
  readonly reads: 'number' | 'buckets' | 'start time';
};

/** One series of an answer: its labels, and points as `query_range` gives them, [s since the epoch, value]. */
export type RangeSeries = {
  readonly labels: Readonly<Record<string, string>>;
  readonly points: readonly (readonly [seconds: number, value: number])[];
};

/** Times of the points: epoch ms, `stepMs` apart. */
export type RangeGrid = { readonly from: number; readonly to: number; readonly stepMs: number };

const startTimes = 'process_start_time_seconds';

/** Gauges belong to no process. */
const needsStartTimes = (policy: Pick<WatchPolicy, 'gates'>): boolean =>
  selectorsOf(policy).some(({ type }) => type !== 'gauge') ||
  Object.values(policy.gates).some(({ kind }) => kind === 'restarts');

/**
 * The queries for a policy: every metric that its gates select, series by series, and the start times of
 * the processes. `matchers` (without braces) are added to each; a scrape counts for `lookbackMs`.
 */
export const rangeQueries = (
  policy: Pick<WatchPolicy, 'gates'>,
  { matchers, lookbackMs }: { readonly matchers?: string | undefined; readonly lookbackMs: number },
): RangeQuery[] => {
  const queries = new Map<string, RangeQuery>();
  const add = (text: string, reads: RangeQuery['reads']) => {
    const selector = parseSelector(text);
    const ending = reads === 'buckets' ? '_bucket' : '';
    const all = [
      `__name__=${JSON.stringify(selector.name + ending)}`,
      ...selector.matchers.map(({ label, op, value }) => `${label}${op}${JSON.stringify(value)}`),
      ...(matchers === undefined ? [] : [matchers]),
    ];
    const query = `last_over_time({${all.join(',')}}[${lookbackMs}ms])`;
    queries.set(query, { query, name: selector.name, reads });
  };
  for (const { text, type } of selectorsOf(policy))
    add(text, type === 'histogram' ? 'buckets' : 'number');
  if (needsStartTimes(policy)) add(startTimes, 'start time');
  return [...queries.values()];
};

type Column = Float64Array;

/**
 * What was recorded, as the sources of a watch would have read it: each series by itself, so that one that
 * was not scraped for a while is no restart. `healthAt` tells the health check at a time.
 */
export const recordedSeries = (
  answers: readonly { readonly query: RangeQuery; readonly series: readonly RangeSeries[] }[],
  { from, to, stepMs }: RangeGrid,
  healthAt: (at: number) => boolean | null,
): Recording => {
  const points = Math.floor((to - from) / stepMs) + 1;
  const numbers = new Map<string, Column>();
  /** By the histogram's key, then by `le`. */
  const histograms = new Map<string, Map<string, Column>>();
  const starts = new Map<string, Column>();
  const known = new Set<string>();

  const fill = (column: Column | undefined, series: RangeSeries): Column => {
    const filled = column ?? new Float64Array(points).fill(Number.NaN);
    for (const [seconds, value] of series.points)
      filled[Math.round((seconds * 1000 - from) / stepMs)] = value;
    return filled;
  };
  for (const { query, series } of answers)
    for (const each of series) {
      const { __name__: _name, le = '', ...labels } = each.labels;
      if (query.reads === 'start time') {
        const target = labels['instance'] ?? '';
        starts.set(target, fill(starts.get(target), each));
        continue;
      }
      known.add(query.name);
      if (query.reads === 'buckets') {
        const key = seriesKey(query.name, labels);
        const buckets = histograms.get(key) ?? new Map<string, Column>();
        histograms.set(key, buckets.set(le, fill(buckets.get(le), each)));
      } else {
        const key = seriesKey(query.name, le === '' ? labels : { ...labels, le });
        numbers.set(key, fill(numbers.get(key), each));
      }
    }

  const has = (column: Column, index: number) => !Number.isNaN(column[index] ?? Number.NaN);
  return {
    sampleAt: (at) => {
      const index = Math.round((at - from) / stepMs);
      const metrics: Record<string, unknown> = {};
      const processes: Record<string, number> = {};
      for (const [key, column] of numbers) if (has(column, index)) metrics[key] = column[index];
      for (const [key, buckets] of histograms) {
        const le = Object.fromEntries(
          [...buckets]
            .filter(([, column]) => has(column, index))
            .map(([bound, column]) => [bound, column[index]]),
        );
        if ('+Inf' in le) metrics[key] = { le, count: le['+Inf'], sum: 0 };
      }
      for (const [target, column] of starts)
        if (has(column, index)) processes[target] = column[index] ?? 0;
      const ok = healthAt(at);
      if (ok === null && Object.keys(metrics).length === 0) return null;
      return {
        at,
        health: { ok },
        metrics,
        known: [...known],
        ...(Object.keys(processes).length === 0 ? {} : { processes }),
      };
    },
  };
};
