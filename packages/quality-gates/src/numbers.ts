const units: Readonly<Record<string, string>> = { percent: ' %' };

const rounded = (value: number, notTo: number | undefined): number => {
  const short = Number(Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4));
  return short === notTo ? value : short;
};

/** At most four digits before they are rounded away; all of them where fewer would hide a difference. */
export const amount = (value: number, unit: string | null, notTo?: number): string => {
  const shown = Number.isInteger(value) ? value : rounded(value, notTo);
  return `${shown}${unit === null ? '' : (units[unit] ?? ` ${unit}`)}`;
};

/** `90 s`, `10 min`, `500 ms`: in the largest unit that needs no more than one decimal. */
export const duration = (ms: number): string => {
  if (ms >= 120_000 && ms % 6_000 === 0) return `${ms / 60_000} min`;
  return ms >= 1000 && ms % 100 === 0 ? `${ms / 1000} s` : `${ms} ms`;
};
