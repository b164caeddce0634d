import type { MissedReason, Sample } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import { isRecord } from '../health/expectation.ts';

/** Format of a log, as its first line has it; 2 holds whole series, 1 held sums by name. */
export type SampleLogFormat = 1 | 2;
/** What this version writes. */
const sampleLogFormat: SampleLogFormat = 2;

const missedReasons: readonly MissedReason[] = ['asleep', 'overrun', 'not running'];

/** Where a line is, for its error. */
export interface LineAt {
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

const isInstant = (at: unknown): at is number | string =>
  typeof at === 'number'
    ? Number.isFinite(at)
    : typeof at === 'string' && !Number.isNaN(Date.parse(at));

const whyNoSample = (value: unknown): string | null => {
  if (!isRecord(value)) return 'expected a JSON object';
  if (!isInstant(value['at'])) return 'expected "at": ms since the epoch, or RFC 3339 text';
  if ('missed' in value) {
    const known = missedReasons.some((reason) => reason === value['missed']);
    return known ? null : `expected "missed" to be one of: ${missedReasons.join(', ')}`;
  }
  const { health, metrics } = value;
  if (health !== undefined) {
    if (!isRecord(health)) return 'expected "health" to be an object';
    if (typeof health['ok'] !== 'boolean' && health['ok'] !== null) {
      return 'expected "health.ok" to be true, false or null';
    }
  }
  if (metrics !== undefined && !isRecord(metrics)) return 'expected "metrics" to be an object';
  return null;
};

/**
 * Reads one line of a sample log, without its line feed.
 * @throws MonitorError `bad-sample-log` or `unknown-format`, naming file:line.
 */
export const parseSampleLine = (
  text: string,
  { file, line }: LineAt,
): { readonly sample: Sample; readonly format: SampleLogFormat | null } => {
  const fail = (reason: string, cause?: unknown): never => {
    throw new MonitorError(
      'bad-sample-log',
      `${file}:${line}: ${reason}; the log was changed by another hand, restore it or start a new run`,
      { file, line },
      cause === undefined ? {} : { cause },
    );
  };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    return fail('not a line of JSON', cause);
  }
  if (isRecord(parsed) && 'format' in parsed && parsed['format'] !== 1 && parsed['format'] !== 2) {
    throw new MonitorError(
      'unknown-format',
      `${file}:${line}: format ${JSON.stringify(parsed['format'])}, this version reads formats 1 and 2; use the version that wrote it`,
      { file, line },
    );
  }
  const reason = whyNoSample(parsed);
  if (reason !== null) return fail(reason);
  // Checked right above, field by field; what else the line holds is kept as it is.
  const { format, ...sample } = parsed as Sample & { format?: SampleLogFormat };
  return { sample, format: format ?? null };
};

/** The line of a sample, with its line feed; the log's first one carries the format. */
export const toSampleLine = (sample: Sample, place: 'first' | 'later'): string =>
  `${JSON.stringify(place === 'first' ? { format: sampleLogFormat, ...sample } : sample)}\n`;
