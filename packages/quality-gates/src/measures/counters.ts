import type { CounterRatioGate, HistogramQuantileGate } from '../policy.ts';
import { histogramReader, type PolledSample, readCounter } from '../sample.ts';
import { normalQuantile, wilsonBound } from '../wilson.ts';
import {
  type CounterWindow,
  createCounterWindow,
  createTotalIncrease,
} from '../windows/counter-window.ts';
import { histogramQuantile } from '../windows/histogram-quantile.ts';
import type { Lack, Measure, MeasureContext } from './measure.ts';
import { createShareTest, percent } from './share.ts';

type Limits = { readonly minSamples: number; readonly minEvents: number };

const lackOf = (window: CounterWindow, events: number, gate: Limits): Lack | null => {
  if (window.unsteady() >= 0) return 'restarts';
  if (window.readings < gate.minSamples) return 'samples';
  if (events === 0) return 'traffic';
  return events < gate.minEvents ? 'events' : null;
};

/** increase(bad) / increase(total) over the window. */
export const openCounterRatio = (gate: CounterRatioGate, context: MeasureContext): Measure => {
  const { limit, activation } = context;
  const window = createCounterWindow(context.windowMs);
  const all = { bad: createTotalIncrease(), total: createTotalIncrease() };
  const isOver = createShareTest(limit, gate.below);
  const z = gate.confidence === null ? null : normalQuantile(gate.confidence);

  const isProven = (bad: number, total: number): boolean => {
    if (z === null || total === 0) return isOver(bad, total);
    const bound = wilsonBound(bad, total, gate.below ? -z : z);
    return gate.below ? bound < limit / 100 : bound > limit / 100;
  };
  const take = (at: number, sample: PolledSample, counted: boolean): boolean => {
    const bad = readCounter(sample, gate.bad);
    const total = readCounter(sample, gate.total);
    if (bad === null || total === null) return false;
    window.push(at, [bad, total], counted);
    all.bad.push(bad);
    all.total.push(total);
    return true;
  };
  if (activation) take(activation.at, activation.sample, false);
  return {
    take: (at, sample) => take(at, sample, true),
    look: (at) => {
      window.slide(at);
      const bad = window.increase(0);
      const total = window.increase(1);
      return {
        value: total === 0 ? null : percent(bad, total),
        readings: window.readings,
        events: total,
        lack: lackOf(window, total, gate),
        beyond: isProven(bad, total),
      };
    },
    suspicious: () => {
      const newest = window.newestIncrease(1);
      return newest >= 1 && isOver(window.newestIncrease(0), newest);
    },
    whole: () => {
      const bad = all.bad.increase;
      const total = all.total.increase;
      return { bad, total, beyond: total >= gate.minEvents && total > 0 && isOver(bad, total) };
    },
  };
};

/** `q` of what the histogram's buckets rose by over the window. */
export const openHistogram = (gate: HistogramQuantileGate, context: MeasureContext): Measure => {
  const { limit, activation } = context;
  const read = histogramReader(gate.histogram);
  const window = createCounterWindow(context.windowMs);
  let bounds: readonly number[] = [];

  const increases: number[] = [];
  const quantile = (increase: (series: number) => number): number | null => {
    increases.length = bounds.length;
    for (let series = 0; series < bounds.length; series++) increases[series] = increase(series);
    const value = histogramQuantile(gate.q, bounds, increases);
    if (value === null) return null;
    return Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value * gate.scale));
  };
  const isBeyond = (value: number | null) =>
    value !== null && (gate.below ? value < limit : value > limit);
  const take = (at: number, sample: PolledSample, counted: boolean): boolean => {
    const buckets = read(sample);
    if (buckets === null || buckets.bounds.length < 2) return false;
    // Other buckets can't be compared with the ones before.
    if (
      buckets.bounds !== bounds &&
      (buckets.bounds.length !== bounds.length ||
        buckets.bounds.some((bound, index) => bound !== bounds[index]))
    )
      window.clear();
    bounds = buckets.bounds;
    window.push(at, buckets.counts, counted);
    return true;
  };
  if (activation) take(activation.at, activation.sample, false);
  return {
    take: (at, sample) => take(at, sample, true),
    look: (at) => {
      window.slide(at);
      const events = window.increase(bounds.length - 1);
      const value = quantile(window.increase);
      return {
        value,
        readings: window.readings,
        events,
        lack: lackOf(window, events, gate),
        beyond: isBeyond(value),
        isCapped: value !== null && value === (bounds[bounds.length - 2] ?? 0) * gate.scale,
      };
    },
    suspicious: () =>
      window.newestIncrease(bounds.length - 1) >= 1 && isBeyond(quantile(window.newestIncrease)),
  };
};
