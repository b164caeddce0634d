import { isRecord } from '../health/expectation.ts';
import type { PageHistogram } from '../sources/page/histogram-group.ts';

type Reading = number | PageHistogram | null;

const isHistogram = (value: unknown): value is PageHistogram =>
  isRecord(value) &&
  typeof value['count'] === 'number' &&
  (value['sum'] === undefined || value['sum'] === null || typeof value['sum'] === 'number') &&
  isRecord(value['le']) &&
  Object.values(value['le']).every((cumulative) => typeof cumulative === 'number');

/**
 * What of a source's answer goes into the sample: numbers and histograms. Text and whatever else a
 * page holds is no reading, and might be something that should not lie in a log. A number that is
 * not finite becomes `null`, as JSON would have it: what is judged live is what a replay reads. A sum is not
 * looked at: one that is not finite is left out.
 */
export const keepReadings = (metrics: Readonly<Record<string, unknown>>): Record<string, Reading> =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]): [string, Reading][] => {
      if (value === null) return [[name, null]];
      if (typeof value === 'number') return [[name, Number.isFinite(value) ? value : null]];
      if (!isHistogram(value)) return [];
      const { le, count, sum } = value;
      if (![count, ...Object.values(le)].every(Number.isFinite)) return [[name, null]];
      return [[name, { le: { ...le }, count, ...(Number.isFinite(sum) ? { sum } : {}) }]];
    }),
  );
