import type { DownSpan } from '../record/downtime.ts';

/** All of it, ms; `null`: the service was not seen to be well since. */
export const downMs = (spans: readonly Pick<DownSpan, 'fromMs' | 'toMs'>[]): number | null =>
  spans.reduce<number | null>(
    (sum, { fromMs, toMs }) => (sum === null || toMs === null ? null : sum + toMs - fromMs),
    0,
  );
