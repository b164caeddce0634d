/** Below this a number of the epoch is s, above it ms: s until the year 5138, ms from 1973 on. */
const leastMs = 1e11;

/**
 * When a process started, s since the epoch, from what a service says of it: s or ms since the epoch, or RFC 3339
 * text. `null` where it is none of these.
 */
export const startTimeOf = (value: unknown): number | null => {
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value.slice(0, 40))) {
    const ms = Date.parse(value.slice(0, 40));
    return Number.isNaN(ms) ? null : ms / 1000;
  }
  const number =
    typeof value === 'string' && /^\d{1,16}(\.\d{1,9})?$/.test(value.slice(0, 40))
      ? Number(value)
      : value;
  if (typeof number !== 'number' || !(number > 0) || !Number.isFinite(number)) return null;
  return number >= leastMs ? number / 1000 : number;
};
