import type { MeasureContext } from '../measures/measure.ts';
import type { Counted } from './counter-track.ts';
import { faster, noPace, type Pace } from './traffic.ts';
import type { View } from './view.ts';

/** How fast the old release counted at most, over its whole baseline. */
export const baselinePace = (
  counted: readonly Counted[],
  view: View,
  { baseline, read }: Pick<MeasureContext, 'baseline' | 'read'>,
): Pace => {
  let pace = noPace;
  let last: { readonly at: number; readonly sums: readonly number[] } | null = null;
  for (const { at, sample } of baseline) {
    const page = read(sample);
    if (page === null) continue;
    const sums: number[] = [];
    for (const { selector, reader } of counted)
      for (const key of page.shape.pick(selector).keys) {
        const reading = reader()(page.metrics[key]);
        reading?.counts.forEach((count, index) => {
          const column = reading.columns[index] ?? 0;
          sums[column] = (sums[column] ?? 0) + count;
        });
      }
    if (last !== null) {
      const from = last.sums;
      const rise = view.traffic(sums.map((sum, column) => sum - (from[column] ?? 0)));
      // A restart, or a series that went away, tells no pace.
      if (rise.total >= 0 && rise.bad >= 0) pace = faster(pace, rise, at - last.at, true);
    }
    last = { at, sums };
  }
  return pace;
};
