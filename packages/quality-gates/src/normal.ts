/** φ(z). */
export const normalDensity = (z: number): number => Math.exp(-0.5 * z * z) / Math.sqrt(2 * Math.PI);

/** Φ(z), by the series of G. Marsaglia, J. Stat. Software 11(4), 2004; absolute error below 1e-15. */
export const normalBelow = (z: number): number => {
  if (Math.abs(z) > 8) return z > 0 ? 1 : 0;
  let sum = z;
  let term = z;
  for (let odd = 3, last = 0; sum !== last; odd += 2) {
    last = sum;
    term *= (z * z) / odd;
    sum += term;
  }
  return 0.5 + sum * normalDensity(z);
};
