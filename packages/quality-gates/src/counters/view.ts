import type { Traffic } from './traffic.ts';

/** How a gate sees its columns. */
export type View = {
  readonly traffic: (sums: readonly number[]) => Traffic;
  /** Whether such a share is beyond the gate's limit, plainly compared. */
  readonly isBeyond: (traffic: Traffic) => boolean;
  /** The columns are judged, and not only counted so that something else may be. */
  readonly isJudged: boolean;
};
