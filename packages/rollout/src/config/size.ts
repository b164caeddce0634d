/** Units of sizes, in bytes: decimal as disks are sold, binary as memory is. */
const units: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

/** A size with its unit: `500MB`, `20 GB`, `1.5TiB`. */
export const sizePattern = /^(\d+(?:\.\d+)?) ?(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$/;
/** A share: `15%`. */
export const percentPattern = /^(\d{1,2}(?:\.\d+)?|100)%$/;
/** A span of whole days, or no end: `30d`, `forever`. */
export const daysPattern = /^(?:[1-9]\d{0,4}d|forever)$/;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Bytes; `null` for a text that is no size. */
export const parseSize = (text: string): number | null => {
  const [, number, unit] = sizePattern.exec(text) ?? [];
  return unit === undefined ? null : Math.round(Number(number) * (units[unit] ?? 1));
};

/** A ratio, 0 to 1; `null` for a text that is no percentage. */
export const parsePercent = (text: string): number | null => {
  const [, number] = percentPattern.exec(text) ?? [];
  return number === undefined ? null : Number(number) / 100;
};

/** ms; `null`: for ever. The text must match {@link daysPattern}. */
export const parseDays = (text: string): number | null =>
  text === 'forever' ? null : Number.parseInt(text, 10) * DAY_MS;
