import { createHash } from 'node:crypto';
import { type FileHandle, open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { makeFolder, syncFolder } from '@dhash/basics/folders';
import type { Sample } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import { type ExpectedLog, whyNotExpected } from './expected-log.ts';
import { parseSampleLine, type SampleLogFormat, toSampleLine } from './sample-line.ts';

/** What a log holds so far: a few bytes for a record that can't be changed unseen. */
export type LogHead = {
  readonly lines: number;
  /** Of all bytes of these lines, hex. */
  readonly sha256: string;
};

/** The primary record of a watch: one sample a line. */
export interface SampleLog {
  /**
   * Durable (fsynced) once it resolves.
   * @throws the file system's error; after one, `log-broken` for good: a half line may be the last.
   */
  append(sample: Sample): Promise<void>;
  /** Of what is durable; costs no reading of the file. */
  head(): LogHead;
  close(): Promise<void>;
}

/** A log read: its whole lines, and what a torn last line (no line feed) left, in bytes. */
export interface ReadSamples {
  readonly samples: Sample[];
  readonly tornBytes: number;
  /** As its first line has it; `null` where it has none, or where there is no line. */
  readonly format: SampleLogFormat | null;
}

const parseLog = (bytes: Buffer, file: string): ReadSamples => {
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1);
  const parsed = lines.map((text, index) => parseSampleLine(text, { file, line: index + 1 }));
  return {
    samples: parsed.map(({ sample }) => sample),
    tornBytes: bytes.length - wholeBytes,
    format: parsed[0]?.format ?? null,
  };
};

/**
 * Reads a sample log without changing it; lines may be hand-written (without `format`).
 * @throws MonitorError `bad-sample-log`, `unknown-format` with file:line; the file system's error.
 */
export const readSampleLog = async (file: string): Promise<ReadSamples> =>
  parseLog(await readFile(file), file);

/** SHA-256 of a log's bytes, hex: what `watch.ended` and summary.json carry. */
export const sampleLogSha256 = async (file: string): Promise<string> =>
  createHash('sha256')
    .update(await readFile(file))
    .digest('hex');

/** A log may go on only where it ends as this version would go on. */
const refuseOlderFormat = (file: string, { format, samples }: ReadSamples): void => {
  if (samples.length === 0 || format !== 1) return;
  throw new MonitorError(
    'unknown-format',
    `${file}: format 1, whose metrics are sums by name; a watch can't go on in it with whole series. End it with the version that began it, or begin a new window`,
    { file },
  );
};

const openWriter = (
  file: string,
  handle: FileHandle,
  past: Buffer,
  linesBefore: number,
): SampleLog => {
  const hash = createHash('sha256').update(past);
  let lines = linesBefore;
  let broken: unknown;
  let last = Promise.resolve();
  const write = async (sample: Sample) => {
    if (broken !== undefined) {
      throw new MonitorError(
        'log-broken',
        `${file}: an earlier write failed, nothing more is written; resume the watch to go on`,
        { file },
        { cause: broken },
      );
    }
    const line = toSampleLine(sample, lines === 0 ? 'first' : 'later');
    try {
      await handle.appendFile(line);
      await handle.sync();
    } catch (error) {
      broken = error;
      throw error;
    }
    hash.update(line);
    lines += 1;
  };
  return {
    append: (sample) => {
      const written = last.then(() => write(sample));
      // The queue goes on behind a failure; its caller is the one that hears of it.
      last = written.catch(() => undefined);
      return written;
    },
    head: () => ({ lines, sha256: hash.copy().digest('hex') }),
    close: async () => {
      await last;
      await handle.close();
    },
  };
};

/**
 * Opens a sample log (0600, in a 0700 folder, made where missing) to go on writing, and reads what
 * it holds. A torn last line, what a kill in the middle of a write leaves, is cut off first; a whole
 * line that is no sample is an error and nothing is changed.
 *
 * `expected`: what a record that is kept apart says of it. A log that is not that, or that holds lines from the
 * future, was written by another hand and is refused, unchanged.
 * @throws MonitorError `bad-sample-log`, `unknown-format` with file:line, `log-changed`, `log-from-future`; the file system's error.
 */
export const openSampleLog = async (
  file: string,
  expected?: ExpectedLog,
): Promise<{ log: SampleLog; past: Sample[]; tornBytes: number }> => {
  await makeFolder(dirname(file));
  const handle = await open(file, 'a+', 0o600);
  try {
    const bytes = await handle.readFile();
    const read = parseLog(bytes, file);
    const { samples: past, tornBytes } = read;
    refuseOlderFormat(file, read);
    const whole = bytes.subarray(0, bytes.length - tornBytes);
    const changed = expected === undefined ? null : whyNotExpected(file, whole, past, expected);
    if (changed !== null) throw changed;
    if (tornBytes > 0) await handle.truncate(whole.length);
    await handle.sync();
    await syncFolder(dirname(file));
    return { log: openWriter(file, handle, whole, past.length), past, tornBytes };
  } catch (error) {
    await handle.close();
    throw error;
  }
};
