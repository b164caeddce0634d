/** What a hint is read from. */
export interface HintSource {
  header(name: string): string | null;
  /** The parsed JSON body, where there is one. */
  readonly json: unknown;
}

const seconds = (text: string): number | null =>
  /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text.trim()) : null;

/** Above this a "reset" is a point in time (Unix seconds), not a duration. */
const epochFrom = 1_000_000_000;

/** The three date forms of RFC 9110; asctime has no zone and means GMT. */
const httpDateMs = (text: string): number | null => {
  const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;
  const imfOrRfc850 = /^[A-Z][a-z]+, \d\d[ -][A-Z][a-z]{2}[ -](\d{4}|\d\d) \d\d:\d\d:\d\d GMT$/;
  const time = text.trim();
  if (!asctime.test(time) && !imfOrRfc850.test(time)) return null;
  const ms = Date.parse(asctime.test(time) ? `${time} GMT` : time);
  return Number.isNaN(ms) ? null : ms;
};

const retryAfter = (text: string | null, nowMs: number): number | null => {
  if (text === null) return null;
  const delay = seconds(text);
  if (delay !== null) return delay * 1000;
  const date = httpDateMs(text);
  return date === null ? null : Math.max(0, date - nowMs);
};

const reset = (text: string | null, nowMs: number): number | null => {
  const value = text === null ? null : seconds(text);
  if (value === null) return null;
  return value >= epochFrom ? Math.max(0, value * 1000 - nowMs) : value * 1000;
};

const jsonRetryAfter = (json: unknown): number | null => {
  if (typeof json !== 'object' || json === null || !('retry_after' in json)) return null;
  const { retry_after: value } = json;
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value * 1000 : null;
};

/**
 * How long the server asks to be left alone, ms, or null. Order: JSON `retry_after` (seconds, a
 * decimal) → `Retry-After` (seconds, a decimal too, or a date) → `X-RateLimit-Reset-After` →
 * `RateLimit-Reset` → `X-RateLimit-Reset`. NOTIFY.md 2.3.
 */
export const serverHintMs = (source: HintSource, nowMs: number): number | null => {
  const resetAfter = source.header('x-ratelimit-reset-after');
  const resetAfterSeconds = resetAfter === null ? null : seconds(resetAfter);
  const hint =
    jsonRetryAfter(source.json) ??
    retryAfter(source.header('retry-after'), nowMs) ??
    (resetAfterSeconds === null ? null : resetAfterSeconds * 1000) ??
    reset(source.header('ratelimit-reset'), nowMs) ??
    reset(source.header('x-ratelimit-reset'), nowMs);
  return hint === null ? null : Math.ceil(hint);
};
