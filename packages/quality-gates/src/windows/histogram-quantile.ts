/** A quantile of a histogram. */
export type Quantile = {
  readonly value: number;
  /** It falls into the last bucket: somewhere over the highest finite bound, which is the value. */
  readonly isCapped: boolean;
};

const at = (value: number): Quantile => ({ value, isCapped: false });

/**
 * `q` of cumulative buckets, as Prometheus' `histogram_quantile` has it for classic histograms
 * (promql/quantile.go, bucketQuantile): linear within the bucket, the lowest one from 0, and the
 * highest finite bound where it falls beyond that. `null` where there is nothing to tell.
 */
export const histogramQuantile = (
  q: number,
  bounds: readonly number[],
  increases: readonly number[],
): Quantile | null => {
  // Scrapes are not atomic: a bucket read below the one before it is lifted, as there.
  let all = 0;
  for (let index = 0; index < increases.length; index++) all = Math.max(all, increases[index] ?? 0);
  if (bounds.length < 2 || all === 0) return null;
  const rank = q * all;
  let index = 0;
  let below = 0;
  let count = Math.max(0, increases[0] ?? 0);
  while (count < rank && index < bounds.length - 1) {
    below = count;
    index += 1;
    count = Math.max(count, increases[index] ?? 0);
  }
  if (index === bounds.length - 1) return { value: bounds[bounds.length - 2] ?? 0, isCapped: true };
  const end = bounds[index] ?? 0;
  if (index === 0 && end <= 0) return at(end);
  const start = index === 0 ? 0 : (bounds[index - 1] ?? 0);
  const inside = count - below;
  // q = 0 over an empty first bucket.
  return at(inside === 0 ? start : start + (end - start) * ((rank - below) / inside));
};
