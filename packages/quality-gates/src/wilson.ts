/** Coefficients of P. J. Acklam's inverse normal: relative error below 1.15e-9. */
const central = {
  top: [
    -39.69683028665376, 220.9460984245205, -275.9285104469687, 138.357751867269, -30.66479806614716,
    2.506628277459239,
  ],
  bottom: [
    -54.47609879822406, 161.5858368580409, -155.6989798598866, 66.80131188771972,
    -13.28068155288572, 1,
  ],
};
const tail = {
  top: [
    -0.007784894002430293, -0.3223964580411365, -2.400758277161838, -2.549732539343734,
    4.374664141464968, 2.938163982698783,
  ],
  bottom: [0.007784695709041462, 0.3224671290700398, 2.445134137142996, 3.754408661907416, 1],
};
const horner = (coefficients: readonly number[], x: number) =>
  coefficients.reduce((sum, coefficient) => sum * x + coefficient, 0);

/** The z below which a standard normal value falls with probability `p`; |error| < 1.2e-9 · |z|. */
export const normalQuantile = (p: number): number => {
  if (p < 0.02425 || p > 1 - 0.02425) {
    const u = Math.sqrt(-2 * Math.log(Math.min(p, 1 - p)));
    const z = horner(tail.top, u) / horner(tail.bottom, u);
    return p < 0.5 ? z : -z;
  }
  const u = p - 0.5;
  return (u * horner(central.top, u * u)) / horner(central.bottom, u * u);
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
