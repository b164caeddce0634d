import { differenceHash } from './dhash.ts';
import type { Metrics } from './metrics.ts';
import type { Release } from './release.ts';

/** A hash, or that there are too many pictures in work to take on another. */
export type HashOutcome = { kind: 'hashed'; hash: string; ms: number } | { kind: 'busy' };

/** Hashes a picture and counts it. @throws ServiceError `picture-…`, counted as a failure */
export type HashPicture = (bytes: Uint8Array) => Promise<HashOutcome>;

/** Enough to keep two cores busy; more would only make everyone wait longer. */
export const mostInWork = 24;

/** @param elapsed a monotonic clock, ms: `performance.now` */
export const pictureHasher = (
  { decode }: Pick<Release, 'decode'>,
  metrics: Metrics,
  elapsed: () => number,
): HashPicture => {
  let inWork = 0;
  return async (bytes) => {
    if (inWork >= mostInWork) {
      metrics.refused();
      return { kind: 'busy' };
    }
    inWork++;
    const startedAt = elapsed();
    try {
      const hash = differenceHash(await decode(bytes));
      const ms = elapsed() - startedAt;
      metrics.hashed(ms);
      return { kind: 'hashed', hash, ms };
    } catch (error) {
      metrics.failed();
      throw error;
    } finally {
      inWork--;
    }
  };
};
