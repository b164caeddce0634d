import { createGaugeReader } from '../gauges/gauge-reader.ts';
import type { CompareGate } from '../policy.ts';
import { hodgesLehmann, mannWhitney } from '../rank-test.ts';
import { bounded } from '../windows/bounded.ts';
import type { Look, Measure, MeasureContext } from './measure.ts';

/** Fewer readings on a side than this tell nothing at any usual alpha. */
const fewest = 8;

/**
 * The readings of the whole watch against the baseline's, judged once, when the window has ended:
 * looked at on each poll, identical releases would break in up to a third of watches.
 */
export const openCompare = (
  gate: CompareGate,
  { endAt, baseline, read: readPage }: MeasureContext,
): Measure & { readonly limit: number } => {
  const readGauge = createGaugeReader(gate.gauge, gate, readPage);
  let why: string | null = null;
  const read = (sample: Parameters<Measure['take']>[1]) => {
    const result = readGauge(sample);
    why = result.kind === 'none' ? result.why : null;
    return result.kind === 'none' ? null : bounded(result.value);
  };
  const before = baseline.map(({ sample }) => read(sample)).filter((value) => value !== null);
  // The shift against nothing but 0 is the median.
  const limit = gate.tolerance * Math.abs(hodgesLehmann(before, [0]) ?? 0);
  const now: number[] = [];
  let judged: Look | null = null;

  const judge = (): Look => {
    const shift = hodgesLehmann(now, before);
    const worse = gate.below ? 'less' : 'greater';
    const inBadDirection = (shift ?? 0) * (gate.below ? -1 : 1);
    return {
      value: shift,
      readings: now.length,
      events: null,
      lack: before.length < fewest ? 'baseline' : now.length < fewest ? 'samples' : null,
      beyond: inBadDirection > limit && mannWhitney(now, before, worse).p < gate.alpha,
    };
  };
  return {
    limit,
    take: (_at, sample) => {
      const value = read(sample);
      if (value === null) return false;
      if (judged === null) now.push(value);
      return true;
    },
    look: (at) => {
      if (at >= endAt) judged ??= judge();
      return (
        judged ?? {
          value: null,
          readings: now.length,
          events: null,
          lack: 'end',
          beyond: false,
        }
      );
    },
    suspicious: () => false,
    why: () => why,
  };
};
