/**
 * `q` of cumulative buckets, as Prometheus' `histogram_quantile` has it for classic histograms
 * (promql/quantile.go, bucketQuantile): linear within the bucket, the lowest one from 0, and the
 * highest finite bound where it falls beyond that. `null` where there is nothing to tell.
 */
export const histogramQuantile = (
  q: number,
  bounds: readonly number[],
  increases: readonly number[],
): number | null => {
  // Scrapes are not atomic: a bucket read below the one before it is lifted, as there.
  const counts: number[] = [];
  for (const count of increases) counts.push(Math.max(count, counts.at(-1) ?? 0));
  const all = counts.at(-1) ?? 0;
  if (bounds.length < 2 || all === 0) return null;
  const rank = q * all;
  const index = counts.findIndex((count) => count >= rank);
  if (index < 0 || index === bounds.length - 1) return bounds[bounds.length - 2] ?? null;
  const end = bounds[index] ?? 0;
  if (index === 0 && end <= 0) return end;
  const start = index === 0 ? 0 : (bounds[index - 1] ?? 0);
  const below = index === 0 ? 0 : (counts[index - 1] ?? 0);
  const inside = (counts[index] ?? 0) - below;
  // q = 0 over an empty first bucket.
  return inside === 0 ? start : start + (end - start) * ((rank - below) / inside);
};
