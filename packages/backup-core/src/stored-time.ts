const NS_PER_MS = 1_000_000n;
const NS_PER_SECOND = 1_000_000_000n;

/** First and last moment whose year has four digits: what a text in the manifest, `date` and `touch` understand. */
const FIRST_NS = BigInt(Date.parse('0000-01-01T00:00:00Z')) * NS_PER_MS;
const LAST_NS = BigInt(Date.parse('9999-12-31T23:59:59Z')) * NS_PER_MS + NS_PER_SECOND - 1n;

/** UTC with nanoseconds, from the nanoseconds of the Unix epoch. */
const isoNanoseconds = (ns: bigint): string => {
  const ms = ns / NS_PER_MS;
  const below = Number(ns - ms * NS_PER_MS);
  // Before the epoch the division went up.
  const [date, rest] = below < 0 ? [Number(ms) - 1, below + 1e6] : [Number(ms), below];
  return `${new Date(date).toISOString().slice(0, -1)}${String(rest).padStart(6, '0')}Z`;
};

/** Farthest that a Date goes, ms (ECMA-262, time values). */
const DATE_MS = 8_640_000_000_000_000n;

/** Beyond what a date can say, by the average Gregorian year of 365.2425 days. */
const yearOf = (ns: bigint): string => {
  const ms = ns / NS_PER_MS;
  const isDate = ms <= DATE_MS && ms >= -DATE_MS;
  return String(
    isDate ? new Date(Number(ms)).getUTCFullYear() : 1970n + ns / NS_PER_SECOND / 31_556_952n,
  );
};

/** The time of a file as the manifest has it, and what is to be said where it could not be kept. */
export const storedTime = (
  ns: bigint,
): { readonly mtime: string; readonly note: string | null } => {
  if (ns >= FIRST_NS && ns <= LAST_NS) return { mtime: isoNanoseconds(ns), note: null };
  const kept = ns < FIRST_NS ? FIRST_NS : LAST_NS;
  const mtime = isoNanoseconds(kept);
  return {
    mtime,
    note: `its time, of about the year ${yearOf(ns)}, is kept as ${mtime.slice(0, 10)}`,
  };
};

/**
 * The time for `utimes`, which takes a negative number for now and a date for what it is (Node: lib/internal/fs/utils.js,
 * toUnixTimestamp). Seconds as a number keep more digits than a date.
 */
export const timeToSet = (mtime: string): number | Date => {
  const date = new Date(`${mtime.slice(0, 23)}Z`);
  if (date.getTime() < 0) return date;
  return Math.floor(date.getTime() / 1000) + Number(`0.${mtime.slice(20, 29)}`);
};
