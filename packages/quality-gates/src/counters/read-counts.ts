import { type Buckets, histogramReader, readCount } from '../sample.ts';

/** Reads one series of a sample; `null` where it is no reading. The counts are good until the next read. */
export type CountsReader = (
  value: unknown,
) => { readonly columns: readonly number[]; readonly counts: readonly number[] } | null;

/** A counter, which adds to one column. */
export const counterReader = (column: number): CountsReader => {
  const columns = [column];
  const counts = [0];
  const reading = { columns, counts };
  return (value) => {
    const count = readCount(value);
    if (count === null) return null;
    counts[0] = count;
    return reading;
  };
};

/** The upper bounds of all histograms of a gate: a column each, in the order they were met. */
export type Bounds = {
  readonly bounds: readonly number[];
  columnsOf(bounds: readonly number[]): readonly number[];
};

export const createBounds = (): Bounds => {
  const bounds: number[] = [];
  return {
    bounds,
    columnsOf: (these) =>
      these.map((bound) => {
        const known = bounds.indexOf(bound);
        return known < 0 ? bounds.push(bound) - 1 : known;
      }),
  };
};

/** A histogram, whose buckets add to the columns of their bounds. */
export const bucketsReader = (all: Bounds): CountsReader => {
  const read = histogramReader();
  let bounds: readonly number[] = [];
  /** Made anew only where the bounds are others. */
  let reading: { columns: readonly number[]; counts: readonly number[] } | null = null;
  return (value) => {
    const buckets: Buckets | null = read(value);
    if (buckets === null || buckets.bounds.length < 2) return null;
    if (buckets.bounds !== bounds) {
      const isSame =
        buckets.bounds.length === bounds.length &&
        buckets.bounds.every((bound, index) => bound === bounds[index]);
      bounds = buckets.bounds;
      const columns = isSame ? reading?.columns : undefined;
      reading = { columns: columns ?? all.columnsOf(bounds), counts: buckets.counts };
    }
    return reading;
  };
};
