import { createHash } from 'node:crypto';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Sample } from '@dhash/quality-gates';
import { MonitorError } from '../errors.ts';
import { makeFolder, syncFolder } from './make-folder.ts';
import { parseSampleLine, toSampleLine } from './sample-line.ts';

/** The primary record of a watch: one sample a line. */
export interface SampleLog {
  /**
   * Durable (fsynced) once it resolves.
   * @throws the file system's error; after one, `log-broken` for good: a half line may be the last.
   */
  append(sample: Sample): Promise<void>;
  close(): Promise<void>;
}

/** A log read: its whole lines, and what a torn last line (no line feed) left, in bytes. */
export interface ReadSamples {
  readonly samples: Sample[];
  readonly tornBytes: number;
}

const parseLog = (bytes: Buffer, file: string): ReadSamples => {
  const wholeBytes = bytes.lastIndexOf(0x0a) + 1;
  const lines = bytes.subarray(0, wholeBytes).toString('utf8').split('\n').slice(0, -1);
  const samples = lines.map((text, index) => parseSampleLine(text, { file, line: index + 1 }));
  return { samples, tornBytes: bytes.length - wholeBytes };
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

/**
 * Opens a sample log (0600, in a 0700 folder, made where missing) to go on writing, and reads what
 * it holds. A torn last line, what a kill in the middle of a write leaves, is cut off first; a whole
 * line that is no sample is an error and nothing is changed.
 * @throws MonitorError `bad-sample-log`, `unknown-format` with file:line; the file system's error.
 */
export const openSampleLog = async (
  file: string,
): Promise<{ log: SampleLog; past: Sample[]; tornBytes: number }> => {
  await makeFolder(dirname(file));
  const handle = await open(file, 'a+', 0o600);
  try {
    const bytes = await handle.readFile();
    const { samples: past, tornBytes } = parseLog(bytes, file);
    if (tornBytes > 0) await handle.truncate(bytes.length - tornBytes);
    await handle.sync();
    await syncFolder(dirname(file));

    let place: 'first' | 'later' = past.length === 0 ? 'first' : 'later';
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
      try {
        await handle.appendFile(toSampleLine(sample, place));
        await handle.sync();
        place = 'later';
      } catch (error) {
        broken = error;
        throw error;
      }
    };
    const log: SampleLog = {
      append: (sample) => {
        const written = last.then(() => write(sample));
        // The queue goes on behind a failure; its caller is the one that hears of it.
        last = written.catch(() => undefined);
        return written;
      },
      close: async () => {
        await last;
        await handle.close();
      },
    };
    return { log, past, tornBytes };
  } catch (error) {
    await handle.close();
    throw error;
  }
};
