import type { HistogramReading } from '@dhash/quality-gates';
import { isRecord } from '../health/expectation.ts';

type Reading = number | HistogramReading | null;

const isHistogram = (value: unknown): value is HistogramReading =>
  isRecord(value) &&
  typeof value['count'] === 'number' &&
  typeof value['sum'] === 'number' &&
  isRecord(value['le']) &&
  Object.values(value['le']).every((cumulative) => typeof cumulative === 'number');

/**
 * What of a source's answer goes into the sample: numbers and histograms. Text and whatever else a
 * page holds is no reading, and might be something that should not lie in a log. A number that is
 * not finite becomes `null`, as JSON would have it: what is judged live is what a replay reads.
 */
export const keepReadings = (metrics: Readonly<Record<string, unknown>>): Record<string, Reading> =>
  Object.fromEntries(
    Object.entries(metrics).flatMap(([name, value]): [string, Reading][] => {
      if (typeof value === 'number') return [[name, Number.isFinite(value) ? value : null]];
      if (!isHistogram(value)) return [];
      const { le, count, sum } = value;
      const finite = [count, sum, ...Object.values(le)].every(Number.isFinite);
      return [[name, finite ? { le: { ...le }, count, sum } : null]];
    }),
  );
