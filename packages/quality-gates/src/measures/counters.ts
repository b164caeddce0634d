import { type Counted, createCounterTrack } from '../counters/counter-track.ts';
import { bucketsReader, counterReader, createBounds } from '../counters/read-counts.ts';
import type { CounterRatioGate, HistogramQuantileGate } from '../policy.ts';
import { histogramQuantile, type Quantile } from '../windows/histogram-quantile.ts';
import type { Lack, Measure, MeasureContext } from './measure.ts';
import { createProof } from './proof.ts';
import { createShareTest, percent } from './share.ts';

type Limits = { readonly minSamples: number; readonly minEvents: number };

const lackOf = (readings: number, events: number, gate: Limits): Lack | null => {
  if (readings < gate.minSamples) return 'samples';
  if (events === 0) return 'traffic';
  return events < gate.minEvents ? 'events' : null;
};

/** More bad events than events for this many readings in a row are no misreading. */
const lastingReadings = 3;

const counted = (selector: string, column: number, gate: { absent?: 0 }): Counted => ({
  selector,
  reader: () => counterReader(column),
  isNeeded: column === 1,
  isZeroWhereAbsent: gate.absent === 0,
});

/** increase(bad) / increase(total) over the window. */
export const openCounterRatio = (gate: CounterRatioGate, context: MeasureContext): Measure => {
  const { limit, activation } = context;
  const isOver = createShareTest(limit, gate.below);
  const isProven = createProof(gate, context);
  const track = createCounterTrack(
    [counted(gate.bad, 0, gate), counted(gate.total, 1, gate)],
    {
      traffic: (sums) => ({ bad: sums[0] ?? 0, total: sums[1] ?? 0 }),
      isBeyond: ({ bad, total }) => isOver(bad, total),
      isJudged: true,
    },
    context,
  );
  const { window } = track;
  /** Readings in a row with more bad events than events. */
  let misread = 0;
  let isHeld = false;

  const isMisread = () => window.increase(0) > window.increase(1);
  if (activation) track.take(activation.at, activation.sample, 'start');
  return {
    take: (at, sample) => {
      const taken = track.take(at, sample, 'reading');
      isHeld = taken === 'held';
      if (taken !== 'usable') return false;
      window.slide(at);
      misread = isMisread() ? misread + 1 : 0;
      return true;
    },
    look: (at) => {
      window.slide(at);
      const bad = window.increase(0);
      const total = window.increase(1);
      const lack = track.several !== null ? 'several' : lackOf(window.readings, total, gate);
      return {
        value: total === 0 ? null : percent(bad, total),
        readings: window.readings,
        events: total,
        lack: lack ?? (isMisread() && misread < lastingReadings ? 'misread' : null),
        beyond: isProven(bad, total),
      };
    },
    suspicious: () => {
      const newest = window.newestIncrease(1);
      return isHeld || (newest >= 1 && isOver(window.newestIncrease(0), newest));
    },
    whole: () => {
      const [bad = 0, total = 0] = track.all;
      return { bad, total, beyond: total >= gate.minEvents && total > 0 && isOver(bad, total) };
    },
    why: () => track.why,
    isOpen: track.hasFallen,
  };
};

/** `q` of what the histogram's buckets rose by over the window. */
export const openHistogram = (gate: HistogramQuantileGate, context: MeasureContext): Measure => {
  const { limit, activation } = context;
  const bounds = createBounds();
  /** The columns by their bounds, ascending. */
  let order: readonly number[] = [];
  let sorted: readonly number[] = [];
  /** Place of the highest bound within the limit. */
  let within = -1;
  const sort = (): void => {
    if (order.length === bounds.bounds.length) return;
    const boundOf = (column: number) => bounds.bounds[column] ?? Infinity;
    order = bounds.bounds.map((_, column) => column).sort((a, b) => boundOf(a) - boundOf(b));
    sorted = order.map(boundOf);
    within = sorted.findLastIndex((bound) => bound * gate.scale <= limit);
  };
  /** All events, and those over the highest bound that is within the limit. */
  const traffic = (sums: readonly number[]) => {
    sort();
    const total = sums[order.at(-1) ?? 0] ?? 0;
    return { bad: Math.max(0, total - (within < 0 ? 0 : (sums[order[within] ?? 0] ?? 0))), total };
  };
  const track = createCounterTrack(
    [
      {
        selector: gate.histogram,
        reader: () => bucketsReader(bounds),
        isNeeded: true,
        isZeroWhereAbsent: gate.absent === 0,
      },
    ],
    {
      traffic,
      isBeyond: ({ bad, total }) =>
        gate.below ? total - bad > gate.q * total : bad > (1 - gate.q) * total,
      isJudged: true,
    },
    context,
  );
  const { window } = track;
  let isHeld = false;
  const increases: number[] = [];
  const quantile = (increase: (column: number) => number): Quantile | null => {
    sort();
    increases.length = order.length;
    for (let index = 0; index < order.length; index++)
      increases[index] = increase(order[index] ?? 0);
    const found = histogramQuantile(gate.q, sorted, increases);
    if (found === null) return null;
    const value = found.value * gate.scale;
    return { ...found, value: Math.max(-Number.MAX_VALUE, Math.min(Number.MAX_VALUE, value)) };
  };
  const isBeyond = (found: Quantile | null) =>
    found !== null && (gate.below ? found.value < limit : found.value > limit);
  /** Whether "somewhere over it" leaves the limit open. */
  const isOpen = ({ value, isCapped }: Quantile) =>
    isCapped && (gate.below ? value < limit : value <= limit);
  if (activation) track.take(activation.at, activation.sample, 'start');
  return {
    take: (at, sample) => {
      const taken = track.take(at, sample, 'reading');
      isHeld = taken === 'held';
      return taken === 'usable';
    },
    look: (at) => {
      window.slide(at);
      const events = order.length === 0 ? 0 : window.increase(order.at(-1) ?? 0);
      const found = quantile(window.increase);
      const lack = track.several !== null ? 'several' : lackOf(window.readings, events, gate);
      return {
        value: found?.value ?? null,
        readings: window.readings,
        events,
        lack: lack ?? (found !== null && isOpen(found) ? 'bucket' : null),
        beyond: isBeyond(found),
        isCapped: found?.isCapped ?? false,
      };
    },
    suspicious: () => {
      if (isHeld) return true;
      if (order.length === 0 || window.newestIncrease(order.at(-1) ?? 0) < 1) return false;
      const found = quantile(window.newestIncrease);
      return isBeyond(found) && !(found !== null && isOpen(found));
    },
    why: () => track.why,
    isOpen: track.hasFallen,
    highest: () => {
      sort();
      const bound = sorted.at(-2);
      return bound === undefined ? null : bound * gate.scale;
    },
  };
};
