import type { HistogramReading } from '@dhash/quality-gates';
import { parseGoFloat } from './go-float.ts';

/** A histogram as it goes into a sample; one whose sum is NaN has none, as the quantile never looks at it. */
export type PageHistogram = Omit<HistogramReading, 'sum'> & { readonly sum?: number };

/** What became of one histogram: its reading, or why there is none; and what was odd about it. */
export type Grouped =
  | { readonly kind: 'read'; readonly reading: PageHistogram; readonly doubt: string | null }
  | { readonly kind: 'unread'; readonly reason: string };

/** The lines of one histogram with the same labels but for `le`. */
export interface HistogramGroup {
  bucket(le: string | undefined, value: number): void;
  part(part: 'sum' | 'count', value: number): void;
  /** A line of it that is no reading; the whole is none then. */
  spoil(reason: string): void;
  /** Whether nothing that still comes can make it a reading. */
  isSpoiled(): boolean;
  end(): Grouped;
}

const boundText = (bound: number): string =>
  bound === Number.POSITIVE_INFINITY ? '+Inf' : String(bound);

/** No histogram has so many, and a line of the log would be as long. */
const mostBuckets = 1000;

/**
 * Puts a histogram together as Prometheus' histogram_quantile does: by its buckets alone. A bound that is no number is
 * passed over, bounds that are equal (`1` and `1.0`) are added up, a count below the one before it is raised to it, and
 * without +Inf there is none.
 */
export const histogramGroup = (): HistogramGroup => {
  const buckets = new Map<number, number>();
  let count: number | null = null;
  let sum: number | null = null;
  let spoiled: string | null = null;
  let doubt: string | null = null;

  const unread = (reason: string): Grouped => ({ kind: 'unread', reason });
  return {
    bucket: (le, value) => {
      const bound = parseGoFloat(le ?? '');
      if (bound === null || Number.isNaN(bound))
        doubt ??= `bucket le="${(le ?? '').slice(0, 40)}" is no bound`;
      else if (buckets.size >= mostBuckets) spoiled ??= `it has over ${mostBuckets} buckets`;
      else buckets.set(bound, (buckets.get(bound) ?? 0) + value);
    },
    part: (part, value) => {
      if (part === 'sum') sum = value;
      else count = value;
    },
    spoil: (reason) => {
      spoiled ??= reason;
    },
    isSpoiled: () => spoiled !== null,
    end: () => {
      if (spoiled !== null) return unread(spoiled);
      const all = buckets.get(Number.POSITIVE_INFINITY);
      if (all === undefined)
        return unread(buckets.size === 0 ? 'it has no buckets' : 'it has no bucket le="+Inf"');
      const le: Record<string, number> = {};
      let below = 0;
      for (const [bound, cumulative] of [...buckets].sort(([a], [b]) => a - b)) {
        const text = boundText(bound);
        if (!(cumulative >= 0 && cumulative < Number.POSITIVE_INFINITY))
          return unread(`its bucket le="${text}" is ${cumulative}`);
        if (cumulative < below) doubt ??= `bucket le="${text}" is below the one before it`;
        below = Math.max(below, cumulative);
        le[text] = below;
      }
      if (count !== null && count !== all)
        doubt ??= `_count is ${count}, bucket le="+Inf" is ${all}; read by its buckets`;
      const hasSum = sum !== null && Number.isFinite(sum);
      return {
        kind: 'read',
        reading: { le, count: below, ...(hasSum ? { sum: sum ?? 0 } : {}) },
        doubt,
      };
    },
  };
};
