import type { HistogramReading } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import { type HistogramSeries, histogramsOf } from './prometheus-histogram.ts';
import { type MetricType, parsePrometheusLine } from './prometheus-line.ts';

/*
 * Why our own: the npm packages that read this format (parse-prometheus-text-format 1.1.1,
 * exposition, prom2json-se and forks) are unattended and lenient. Tried on 1.1.1: a page cut off in
 * the middle of a number, `a foo`, an open quote and a histogram without +Inf all parse without an
 * error. Half of `1234` is `12`: a gate would take it for a restart.
 */

const fail = (message: string): never => {
  throw new MonitorError('bad-metrics', `Prometheus text: ${message}`);
};

/** The family that a sample belongs to, where its type gives suffixes a meaning. */
const familyOf = (name: string, types: ReadonlyMap<string, MetricType>): string => {
  const [, base, suffix] = /^(.*)_(bucket|sum|count)$/.exec(name) ?? [];
  if (base === undefined) return name;
  const type = types.get(base);
  if (type === 'histogram') return base;
  return type === 'summary' && suffix !== 'bucket' ? base : name;
};

const seriesKey = (labels: ReadonlyMap<string, string>, without?: string): string =>
  JSON.stringify(
    [...labels].filter(([label]) => label !== without).sort(([a], [b]) => (a < b ? -1 : 1)),
  );

/**
 * Reads a page of the Prometheus text exposition format 0.0.4.
 *
 * - Samples of one name are **summed over their labels**: a gate reads one number per name.
 * - A histogram appears under its base name as `{ le, count, sum }`, cumulative, summed over its
 *   labels at the bounds that all its series share; `<name>_count` and `<name>_sum` are there too.
 * - A summary gives `<name>_count`, `<name>_sum`, and `<name>{quantile="0.95"}` where `quantile` is
 *   its only label: quantiles of several series can't be added up.
 * - `NaN` and `±Inf` are handed on (no gate counts them as a reading); timestamps are read and dropped.
 *
 * @throws MonitorError `bad-metrics`: a line out of the format, a last line without its line feed (the
 *   page was cut off), a series twice, a TYPE after its samples, a histogram that contradicts itself.
 */
export const parsePrometheusText = (text: string): Record<string, number | HistogramReading> => {
  if (text !== '' && !text.endsWith('\n'))
    fail('the last line has no line feed: cut off on the way');
  const types = new Map<string, MetricType>();
  const helped = new Set<string>();
  const families = new Set<string>();
  const seen = new Set<string>();
  const numbers = new Map<string, number>();
  const histograms = new Map<string, Map<string, HistogramSeries>>();

  const add = (name: string, value: number) => {
    numbers.set(name, (numbers.get(name) ?? 0) + value);
  };
  const addToHistogram = (
    base: string,
    part: string,
    labels: ReadonlyMap<string, string>,
    value: number,
  ) => {
    const ofBase = histograms.get(base) ?? new Map<string, HistogramSeries>();
    histograms.set(base, ofBase);
    const key = seriesKey(labels, 'le');
    const series = ofBase.get(key) ?? { buckets: new Map(), count: null, sum: null };
    ofBase.set(key, series);
    if (part === 'bucket') {
      const le = labels.get('le') ?? fail(`${base}_bucket has no label le`);
      series.buckets.set(le, value);
    } else {
      series[part === 'sum' ? 'sum' : 'count'] = value;
      add(`${base}_${part}`, value);
    }
  };

  for (const [index, raw] of text.split('\n').entries()) {
    const line = parsePrometheusLine(raw, index + 1);
    if (line.kind === 'help') {
      if (helped.has(line.name)) fail(`line ${index + 1}: a second HELP for ${line.name}`);
      helped.add(line.name);
    } else if (line.kind === 'type') {
      if (types.has(line.name)) fail(`line ${index + 1}: a second TYPE for ${line.name}`);
      if (families.has(line.name)) {
        fail(`line ${index + 1}: TYPE of ${line.name} after its first sample`);
      }
      types.set(line.name, line.type);
    } else if (line.kind === 'sample') {
      const { name, labels, value } = line;
      const key = name + seriesKey(labels);
      if (seen.has(key)) fail(`line ${index + 1}: ${name} a second time with the same labels`);
      seen.add(key);
      const family = familyOf(name, types);
      families.add(family);
      const type = types.get(family);
      if (type === 'histogram') {
        if (family === name) fail(`line ${index + 1}: ${name} is a histogram, not a number`);
        addToHistogram(family, name.slice(family.length + 1), labels, value);
      } else if (type === 'summary' && family === name) {
        const quantile = labels.get('quantile') ?? fail(`${name} has no label quantile`);
        if (labels.size === 1) add(`${name}{quantile="${quantile}"}`, value);
      } else {
        add(name, value);
      }
    }
  }
  return Object.fromEntries([...numbers, ...histogramsOf(histograms)]);
};
