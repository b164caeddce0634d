/** Whether 100 · part is beyond limit · whole; nothing is divided. */
export type ShareTest = (part: number, whole: number) => boolean;

/** Limits with more decimals than this are no numbers that a person wrote. */
const mostDecimals = 6;

/**
 * The limit counts as the decimal that was written: 57 of 10000 is at 0.57 %, not beyond it, though
 * the double nearest 0.57 lies a little below.
 */
export const createShareTest = (limit: number, below: boolean): ShareTest => {
  const decimals = /^-?\d+\.(\d+)$/.exec(String(limit))?.[1]?.length ?? 0;
  const power = decimals <= mostDecimals ? 10 ** decimals : 1;
  const whole = power === 1 ? limit : Math.round(limit * power);
  return (part, total) =>
    below ? 100 * part * power < whole * total : 100 * part * power > whole * total;
};

/** Percent; finite for all finite counts. */
export const percent = (part: number, whole: number): number =>
  Math.min((part / whole) * 100, Number.MAX_VALUE);
