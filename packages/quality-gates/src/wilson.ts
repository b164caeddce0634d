import { normalBelow, normalDensity } from './normal.ts';

/** The z below which a standard normal value falls with probability `p`, 0.5 to 1: by Newton from 0. */
export const normalQuantile = (p: number): number => {
  // To the right of 0 the distribution is concave: each step stays left of the root and gets nearer.
  let z = 0;
  for (let last = -1; z > last; ) {
    last = z;
    z += (p - normalBelow(z)) / normalDensity(z);
  }
  return z;
};

/**
 * One-sided Wilson score bound of bad/total, 0 to 1: the lower one for z > 0, the upper for z < 0
 * (E. B. Wilson, JASA 22, 1927). `bad` over `total` counts as all.
 */
export const wilsonBound = (bad: number, total: number, z: number): number => {
  const p = Math.min(bad / total, 1);
  const z2 = (z * z) / total;
  const spread = z * Math.sqrt((p * (1 - p)) / total + z2 / (4 * total));
  return (p + z2 / 2 - spread) / (1 + z2);
};
