import { createHash } from 'node:crypto';
import type { Sample } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import type { LogHead } from './sample-log.ts';

/** What must be so of a log for a watch to go on in it. */
export interface ExpectedLog {
  /** The newest head on record; `null`: none is there, so that only the time is looked at. */
  readonly head: LogHead | null;
  /** Lines that may follow it: those written between two entries of that record. Default: 1. */
  readonly mostUnrecorded?: number;
  /** Wall clock, ms since the epoch; a line that is not on record may not be later. Absent: not looked at. */
  readonly nowMs?: number;
}

/** A poll is never made before it is due; clocks that are kept right differ by less than this, ms. */
const toleranceMs = 2000;
/** Where even what is on record lies in the future, the clock was set back: a line may follow it by a poll or two, ms. */
const pollsMs = 5 * 60_000;

const atOf = ({ at }: Sample): number => (typeof at === 'number' ? at : Date.parse(at));

/** Length of the first lines, in bytes. */
const bytesOf = (log: Buffer, lines: number): number => {
  let end = 0;
  for (let line = 0; line < lines; line++) end = log.indexOf(0x0a, end) + 1;
  return end;
};

/** Why a log is not the expected one, as the error to throw, or `null`. Pure. */
export const whyNotExpected = (
  file: string,
  log: Buffer,
  samples: readonly Sample[],
  { head, mostUnrecorded = 1, nowMs }: ExpectedLog,
): MonitorError | null => {
  const advice = 'put the log back as it was, or begin a new window; nothing was changed';
  const changed = (why: string) =>
    new MonitorError('log-changed', `${file}: ${why}; ${advice}`, {
      file,
      lines: samples.length,
      recordedLines: head?.lines ?? 0,
    });
  const recorded = head?.lines ?? 0;
  if (head !== null) {
    if (samples.length < recorded)
      return changed(`it holds ${samples.length} lines, the record says ${recorded}`);
    const sha256 = createHash('sha256')
      .update(log.subarray(0, bytesOf(log, recorded)))
      .digest('hex');
    if (sha256 !== head.sha256)
      return changed(
        `its first ${recorded} lines have SHA-256 ${sha256.slice(0, 12)}…, the record says ${head.sha256.slice(0, 12)}…: another hand changed them`,
      );
    const more = samples.length - recorded;
    if (more > mostUnrecorded)
      return changed(
        `${more} lines follow what is on record, at most ${mostUnrecorded} may: another hand added them`,
      );
  }
  if (nowMs === undefined) return null;
  const lastRecorded = samples[recorded - 1];
  const lastRecordedAt = lastRecorded === undefined ? Number.NEGATIVE_INFINITY : atOf(lastRecorded);
  const latest = Math.max(
    nowMs + toleranceMs,
    lastRecordedAt > nowMs ? lastRecordedAt + pollsMs : 0,
  );
  const index = samples.findIndex((sample, at) => at >= recorded && atOf(sample) > latest);
  const sample = samples[index];
  if (sample === undefined) return null;
  return new MonitorError(
    'log-from-future',
    `${file}:${index + 1}: a poll of ${new Date(atOf(sample)).toISOString()}, and it is ${new Date(nowMs).toISOString()}: no watch wrote that; ${advice} (a clock that was set back looks the same: set it right first)`,
    { file, line: index + 1 },
  );
};
