import type { Sample, Verdict } from '@dhash/quality-gates';

/** Text from outside as it may reach a terminal: one line, without control characters. */
export const plain = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');

const unitText = (unit: string | null): string =>
  unit === null ? '' : unit === 'percent' ? ' %' : ` ${unit}`;

/** At most four significant digits, and never an exponent where a person would not write one. */
const numberText = (value: number): string => {
  if (!Number.isFinite(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude >= 1e9) return value.toExponential(2);
  return String(magnitude >= 1000 ? Math.round(value) : Number(value.toPrecision(4)));
};

/** `12.4 %`, `812 ms`, `–` for no value. */
export const formatValue = (value: number | null, unit: string | null): string =>
  value === null ? '–' : numberText(value) + unitText(unit);

/** `21:30`, `1:00:00`: minutes and seconds, hours where there are any. Negative counts as zero. */
export const formatDuration = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const two = (part: number) => String(part).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes}:${two(seconds % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(seconds % 60)}`;
};

/** `2026-11-24 02:30:00 UTC`. */
export const formatInstant = (atMs: number): string =>
  `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** How a poll went, as a strip shows it. */
export type PollMark = 'ok' | 'failed' | 'unknown' | 'missed';

/** The mark of a sample. */
export const markOf = (sample: Sample): PollMark => {
  if ('missed' in sample) return 'missed';
  if (sample.health === undefined || sample.health.ok === null) return 'unknown';
  return sample.health.ok ? 'ok' : 'failed';
};

/** What a person calls a verdict. */
export const verdictWords: Readonly<Record<Verdict['verdict'], string>> = {
  pass: 'pass',
  break: 'BREAK',
  nodata: 'no data',
  pending: 'pending',
};
