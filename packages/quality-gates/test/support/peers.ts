import type { PolledSample, Sample } from '../../src/index.ts';

/** When a peer would have given up the release, seconds from the start; `null`: it was promoted. */
type Decided = number | null;

/** Sum of `rate()` over the series of a name in a window, up to a factor that a ratio does without: a reset counts from 0. */
const increase = (samples: readonly PolledSample[], name: string): number => {
  const last = new Map<string, number>();
  let sum = 0;
  for (const { metrics = {} } of samples)
    for (const [key, value] of Object.entries(metrics)) {
      if (!key.startsWith(`${name}{`) || typeof value !== 'number') continue;
      const before = last.get(key);
      if (before !== undefined) sum += value < before ? value : value - before;
      last.set(key, value);
    }
  return sum;
};

const failedShare = (samples: readonly Sample[], at: number, windowMs: number): number => {
  const within = samples.filter(
    (sample): sample is PolledSample =>
      Number(sample.at) <= at && Number(sample.at) >= at - windowMs,
  );
  return increase(within, 'errors_total') / increase(within, 'requests_total');
};

/** A measurement every so often over a window as long; given up at the failure after the last one allowed. */
const measured = (
  samples: readonly Sample[],
  limit: number,
  { everyMs, allowed }: { everyMs: number; allowed: number },
): Decided => {
  const start = Number(samples[0]?.at);
  const end = Number(samples.at(-1)?.at);
  let failures = 0;
  for (let at = start + everyMs; at <= end; at += everyMs) {
    // NaN, of no traffic: neither condition holds.
    if (failedShare(samples, at, everyMs) > limit) failures += 1;
    if (failures > allowed) return (at - start) / 1000;
  }
  return null;
};

/**
 * Argo Rollouts as its documentation has it (docs/features/analysis.md): the share of the last 5 minutes,
 * every 5 minutes, `failureLimit: 3`.
 */
export const argo = (samples: readonly Sample[], limit: number): Decided =>
  measured(samples, limit, { everyMs: 300_000, allowed: 3 });

/**
 * Flagger as its documentation has it (docs/usage/metrics.md, docs/usage/how-it-works.md): the share of the
 * last minute, every minute, rolled back at the 5th failed check (`threshold: 5`).
 */
export const flagger = (samples: readonly Sample[], limit: number): Decided =>
  measured(samples, limit, { everyMs: 60_000, allowed: 4 });
