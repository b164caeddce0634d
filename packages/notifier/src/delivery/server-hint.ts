/** What a hint is read from. */
export interface HintSource {
  header(name: string): string | null;
  /** The parsed JSON body, where there is one. */
  readonly json: unknown;
}

/**
 * Longest that a channel is left alone, ms: a message lives for 72 h, and no service asks for a pause of more than a
 * day. A longer one is a mistake in writing or reading it.
 */
export const longestHoldMs = 24 * 3_600_000;

/** From here on a number is a point in time, in seconds since 1970; as a pause it would be 31 years. */
const secondsSince1970From = 1e9;
const millisecondsSince1970From = 1e11;
const microsecondsSince1970From = 1e14;

const numberIn = (text: string): number | null =>
  /^\+?\d+(\.\d*)?$/.test(text) ? Number(text) : null;

/** A pause in seconds, or a point in time: which one, its size says. */
const pauseOrPointMs = (value: number, nowMs: number): number => {
  if (value < secondsSince1970From) return value * 1000;
  const atMs =
    value >= microsecondsSince1970From
      ? value / 1000
      : value >= millisecondsSince1970From
        ? value
        : value * 1000;
  return Math.max(0, atMs - nowMs);
};

/** `Mon Nov 23 20:01:00 2026`: asctime, the one form of HTTP's without a zone; it means GMT. */
const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} +\d{1,2} \d\d:\d\d:\d\d \d{4}$/;
/** `2026-11-23T20:01:00`; without a zone it means UTC, as all dates between servers do. */
const isoWithoutZone = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?$/;
const dates = [
  asctime,
  isoWithoutZone,
  /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)? ?(Z|UTC|GMT|[+-]\d\d:?\d\d)$/,
  // HTTP's other two forms, and mail's: with or without a weekday, the zone as a name or a number.
  /^([A-Z][a-z]+, )?\d{1,2}[ -][A-Z][a-z]{2}[ -](\d{4}|\d\d) \d\d:\d\d:\d\d (Z|UTC|UT|GMT|[+-]\d{4})$/,
];

const dateMs = (text: string): number | null => {
  if (!dates.some((form) => form.test(text))) return null;
  const ms = Date.parse(
    asctime.test(text)
      ? `${text} GMT`
      : isoWithoutZone.test(text)
        ? `${text.replace(' ', 'T')}Z`
        : text.replace(/ UT$/, ' UTC'),
  );
  return Number.isNaN(ms) ? null : ms;
};

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** `30s`, `1m30s`, `250ms`: durations as Go writes them, and some limits of APIs. */
const durationMs = (text: string): number | null => {
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return null;
  let sum = 0;
  for (const [, number, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g))
    sum += Number(number) * (unitsMs[unit ?? ''] ?? 0);
  return sum;
};

/** How long a value asks for, whatever it is: a number, a duration, a date; null: none of them. */
const pauseMs = (value: unknown, nowMs: number): number | null => {
  if (typeof value === 'number')
    return Number.isFinite(value) && value >= 0 ? pauseOrPointMs(value, nowMs) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim().replace(/^"|"$/g, '');
  const number = numberIn(text);
  if (number !== null) return pauseOrPointMs(number, nowMs);
  const date = dateMs(text);
  return date === null ? durationMs(text) : Math.max(0, date - nowMs);
};

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Discord's `retry_after`, Telegram's `parameters.retry_after`, Zulip's `retry-after`. */
const jsonPauseMs = (json: unknown, nowMs: number): number | null => {
  if (!isFields(json)) return null;
  for (const fields of [json, json['parameters'], json['error'], json['data']]) {
    if (!isFields(fields)) continue;
    for (const name of ['retry_after', 'retryAfter', 'retry-after']) {
      const pause = pauseMs(fields[name], nowMs);
      if (pause !== null) return pause;
    }
    const inMs = fields['retry_after_ms'] ?? fields['retryAfterMs'];
    if (typeof inMs === 'number' && inMs >= 0) return inMs;
  }
  return null;
};

/** Headers that say when to come back, in the order in which they count. */
const headers = [
  'retry-after',
  'x-retry-after',
  'x-ratelimit-retry-after',
  'x-ratelimit-reset-after',
  'ratelimit-reset',
  'x-ratelimit-reset',
  'x-rate-limit-reset',
];

/**
 * How long the server asks to be left alone, ms, at most 24 h; null where it does not say. Order: JSON
 * `retry_after` → `retry-after-ms` → `Retry-After` → `X-RateLimit-Reset-After` → `RateLimit-Reset` →
 * `X-RateLimit-Reset`. Each is read as what it is: seconds (a decimal too), seconds, milliseconds or
 * microseconds since 1970, a date, a duration with units. What is none of them counts as not said; what is
 * over, as 0. NOTIFY.md 2.3.
 */
export const serverHintMs = (source: HintSource, nowMs: number): number | null => {
  const inMs = numberIn((source.header('retry-after-ms') ?? '').trim());
  const hint =
    jsonPauseMs(source.json, nowMs) ??
    (inMs !== null && inMs < secondsSince1970From ? inMs : null) ??
    headers.reduce<number | null>(
      (found, name) => found ?? pauseMs(source.header(name), nowMs),
      null,
    );
  return hint === null ? null : Math.ceil(Math.min(hint, longestHoldMs));
};
