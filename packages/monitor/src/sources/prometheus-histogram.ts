import type { HistogramReading } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';

/** One labelled series of a histogram while its lines come in. */
export interface HistogramSeries {
  /** Bound as written → cumulative count. */
  readonly buckets: Map<string, number>;
  count: number | null;
  sum: number | null;
}

const toBound = (name: string, le: string): number => {
  if (/^\+?inf$/i.test(le)) return Number.POSITIVE_INFINITY;
  const bound = le.trim() === '' ? Number.NaN : Number(le);
  if (Number.isNaN(bound)) {
    throw new MonitorError(
      'bad-metrics',
      `histogram ${name}: le=${JSON.stringify(le)} is no number`,
    );
  }
  return bound;
};

const boundText = (bound: number): string =>
  bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);

interface Checked {
  readonly bounds: ReadonlyMap<number, number>;
  readonly count: number;
  readonly sum: number;
}

/** The rules of "Histograms and summaries" in the exposition format's text. */
const check = (name: string, series: HistogramSeries): Checked => {
  const fail = (message: string): never => {
    throw new MonitorError('bad-metrics', `histogram ${name}: ${message}`);
  };
  const bounds = new Map<number, number>();
  for (const [le, cumulative] of series.buckets) {
    const bound = toBound(name, le);
    if (bounds.has(bound)) fail(`bucket le="${le}" twice`);
    bounds.set(bound, cumulative);
  }
  const count = series.count ?? fail('no _count');
  const sum = series.sum ?? fail('no _sum');
  const all = bounds.get(Number.POSITIVE_INFINITY) ?? fail('no bucket le="+Inf"');
  if (all !== count) fail(`bucket le="+Inf" is ${all}, _count is ${count}`);
  let below = 0;
  for (const [bound, cumulative] of [...bounds].sort(([a], [b]) => a - b)) {
    if (!(cumulative >= below)) fail(`bucket le="${boundText(bound)}" is below the one before it`);
    below = cumulative;
  }
  return { bounds, count, sum };
};

/**
 * Adds each histogram's series up. Cumulative counts may be added at any bound that every series
 * has, and only there; `+Inf` is always one.
 * @throws MonitorError `bad-metrics` for a histogram that contradicts itself.
 */
export const histogramsOf = (
  histograms: ReadonlyMap<string, ReadonlyMap<string, HistogramSeries>>,
): Map<string, HistogramReading> => {
  const readings = new Map<string, HistogramReading>();
  for (const [name, byLabels] of histograms) {
    const all = [...byLabels.values()].map((series) => check(name, series));
    const [first, ...others] = all;
    if (first === undefined) continue;
    const shared = [...first.bounds.keys()]
      .filter((bound) => others.every((other) => other.bounds.has(bound)))
      .sort((a, b) => a - b);
    const le = Object.fromEntries(
      shared.map((bound) => [
        boundText(bound),
        all.reduce((total, series) => total + (series.bounds.get(bound) ?? 0), 0),
      ]),
    );
    readings.set(name, {
      le,
      count: all.reduce((total, series) => total + series.count, 0),
      sum: all.reduce((total, series) => total + series.sum, 0),
    });
  }
  return readings;
};
