/** What the gauges say about the last ten minutes; `null` where no picture came. */
export interface RecentFigures {
  readonly avgMs: number | null;
  readonly p95Ms: number | null;
  readonly failuresPercent: number | null;
}

/** The pictures of the last ten minutes, forgotten by their own time. */
export interface RecentHashes {
  /** `ms: null`: the picture could not be hashed. */
  add(atMs: number, ms: number | null): void;
  /** @param nowMs pictures at or before `nowMs` − 10 min no longer count */
  figures(nowMs: number): RecentFigures;
}

/** The window of the rate in `/metrics/dhash`. */
export const recentWindowMs = 10 * 60_000;

/** The smallest value that at least `share` (0 to 1) of the sorted values do not exceed (nearest rank). */
export const quantileOf = (sorted: readonly number[], share: number): number | null =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? null;

/** Starts with nothing. */
export const recentHashes = (): RecentHashes => {
  let pictures: { atMs: number; ms: number | null }[] = [];
  const forget = (nowMs: number) => {
    pictures = pictures.filter(({ atMs }) => atMs > nowMs - recentWindowMs);
  };
  let untidied = 0;
  return {
    add: (atMs, ms) => {
      pictures.push({ atMs, ms });
      // Nobody may ever ask: a service that is not scraped must not grow.
      if (++untidied >= 10_000) {
        forget(atMs);
        untidied = 0;
      }
    },
    figures: (nowMs) => {
      forget(nowMs);
      const times = pictures.flatMap(({ ms }) => (ms === null ? [] : [ms])).sort((a, b) => a - b);
      const sum = times.reduce((total, ms) => total + ms, 0);
      return {
        avgMs: times.length === 0 ? null : sum / times.length,
        p95Ms: quantileOf(times, 0.95),
        failuresPercent:
          pictures.length === 0 ? null : (100 * (pictures.length - times.length)) / pictures.length,
      };
    },
  };
};
