import { type Course, type Traffic, wasBurst } from './traffic.ts';
import type { View } from './view.ts';

/** The first rise of a target, where nothing before it says how fast is usual. */
export type FirstRise = Traffic & {
  readonly ms: number;
  /** Column by column. */
  readonly sums: readonly number[];
  readonly before: Course;
  /** All that the process had counted after it. */
  readonly lifetime: Traffic;
};

/**
 * What the second rise shows the first to have been: usual, a jump, or a jump that proves nothing, since it
 * is beyond the limit while the process as a whole is not: it may be another one's past.
 */
export const judgeFirstRise = (
  first: FirstRise,
  second: Traffic & { readonly ms: number },
  { isBeyond }: View,
): 'usual' | 'jump' | 'unproven' => {
  if (!wasBurst(first, second)) return 'usual';
  return isBeyond(first) && !isBeyond(first.lifetime) ? 'unproven' : 'jump';
};
