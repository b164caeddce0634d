import type { GaugeReading } from '../policy.ts';
import { type PolledSample, readNumber } from '../sample.ts';
import { MOST_SERIES } from '../series/selectors-of.ts';
import type { PageReader } from '../series/shapes.ts';
import { bounded } from '../windows/bounded.ts';

/** A gauge at one poll: its value in the gate's unit, or why there is none. */
export type GaugeResult =
  | { readonly kind: 'read'; readonly value: number }
  | { readonly kind: 'none'; readonly why: string };

const none = (why: string): GaugeResult => ({ kind: 'none', why });

const combine = (values: readonly number[], of: NonNullable<GaugeReading['of']>): number => {
  switch (of) {
    case 'max':
      return values.reduce((most, value) => Math.max(most, value));
    case 'min':
      return values.reduce((least, value) => Math.min(least, value));
    case 'sum':
      return values.reduce((sum, value) => sum + bounded(value), 0);
    case 'avg':
      return values.reduce((sum, value) => sum + bounded(value), 0) / values.length;
  }
};

/**
 * Reads what a selector takes as one number. A series that is NaN, or outside `valid`, is no reading:
 * the greatest or least of the others still is one, but a sum or mean without it would be another.
 */
export const createGaugeReader = (
  selector: string,
  { scale, of, valid }: GaugeReading,
  read: PageReader,
): ((sample: PolledSample) => GaugeResult) => {
  const { min = -Infinity, max = Infinity } = valid ?? {};
  return (sample) => {
    const page = read(sample);
    if (page === null) return none(`${selector} was not read`);
    const { keys } = page.shape.pick(selector);
    if (keys.length === 0) return none(`${selector} is not there`);
    if (keys.length > MOST_SERIES)
      return none(
        `${selector} selects ${keys.length} series, more than ${MOST_SERIES}: name labels`,
      );
    const values: number[] = [];
    let outside: number | null = null;
    for (const key of keys) {
      const raw = page.metrics[key];
      const value = readNumber(raw, scale);
      if (value === null || typeof raw !== 'number') continue;
      if (raw >= min && raw <= max) values.push(value);
      else outside = raw;
    }
    const [first] = values;
    if (first === undefined)
      return none(
        outside === null
          ? `${selector} has no number`
          : `${selector} is ${outside}, which is no valid reading`,
      );
    if (of === undefined)
      return values.length === 1
        ? { kind: 'read', value: first }
        : none(`${selector} has ${values.length} series; say of: max, min, sum or avg`);
    if ((of === 'sum' || of === 'avg') && values.length < keys.length)
      return none(
        `${keys.length - values.length} of ${keys.length} series of ${selector} have no number`,
      );
    return { kind: 'read', value: bounded(combine(values, of)) };
  };
};
