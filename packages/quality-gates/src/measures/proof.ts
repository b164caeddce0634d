import { binomialTail } from '../binomial.ts';
import type { CounterRatioGate } from '../policy.ts';
import { normalQuantile, wilsonBound } from '../wilson.ts';
import { createShareTest } from './share.ts';

/** A release whose share is within this part of the limit is a good one. */
const goodPart = 0.6;
/** Looks through one sliding window are worth so many independent ones; by simulation, at most. */
const looksAWindow = 3;

/**
 * Whether `bad` of `total` proves a share beyond the limit. With `confidence` two things are asked: Wilson's bound is
 * beyond it, and a good release would show that many in no more than 1 − confidence of all watches of this length.
 */
export const createProof = (
  { confidence, below }: Pick<CounterRatioGate, 'confidence' | 'below'>,
  { limit, durationMs, windowMs }: { limit: number; durationMs: number; windowMs: number },
): ((bad: number, total: number) => boolean) => {
  const isOver = createShareTest(limit, below);
  if (confidence === null) return isOver;
  const z = normalQuantile(confidence);
  const share = limit / 100;
  const good = goodPart * (below ? 1 - share : share);
  const chance = (1 - confidence) / (looksAWindow * Math.max(1, durationMs / windowMs));
  return (bad, total) => {
    if (total === 0) return isOver(bad, total);
    const bound = wilsonBound(bad, total, below ? -z : z);
    if (below ? bound >= share : bound <= share) return false;
    return binomialTail(below ? total - bad : bad, total, good) <= chance;
  };
};
