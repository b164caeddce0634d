import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { readJournal } from '@dhash/journal';
import { readSampleLog } from '@dhash/monitor';
import type { Sample, WatchPolicy, WatchStart } from '@dhash/quality-gates';
import { lastOf, type RecordedEvent } from '../record/events.ts';
import { recordsBesideLog } from '../record/layout.ts';
import { readEvents } from '../record/read-events.ts';

/** What a watch was started with, as its run's record has it. */
export interface RecordedWatch {
  readonly run: string;
  /** The gates as they were when it began: they went on the record whole. */
  readonly policy: WatchPolicy;
  readonly start: WatchStart;
}

/** The sample that a deploy took right after activation; counters start from it. */
export const activationOf = (events: readonly RecordedEvent[]): Sample | undefined => {
  const event = lastOf(events, 'activation.sampled');
  // Written by this tool's deploy as a sample; the gates read it field by field.
  return event === undefined ? undefined : (event.sample as unknown as Sample);
};

/** Samples of the release that ran before the deploy. */
export const recordedBaseline = async (file: string): Promise<Sample[] | undefined> =>
  existsSync(file) ? (await readSampleLog(file)).samples : undefined;

/** `null` where the run was not watched. `baselineFile` need not be there. */
export const recordedWatch = async (
  run: string,
  events: readonly RecordedEvent[],
  baselineFile: string,
): Promise<RecordedWatch | null> => {
  const started = lastOf(events, 'watch.started');
  if (started === undefined) return null;
  const { policy, startedAt } = started;
  const baseline = await recordedBaseline(baselineFile);
  const activation = activationOf(events);
  return {
    run,
    // Written by this tool from a WatchPolicy.
    policy: policy as unknown as WatchPolicy,
    start: {
      startedAt,
      ...(baseline === undefined ? {} : { baseline }),
      ...(activation === undefined ? {} : { activation }),
    },
  };
};

/**
 * The watch that wrote a sample log, where the log lies where it was written and its record beside it.
 *
 * @throws JournalError where that record does not verify.
 */
export const watchOfLog = async (samplesFile: string): Promise<RecordedWatch | null> => {
  const folder = dirname(samplesFile);
  const real = existsSync(samplesFile) ? await realpath(samplesFile) : samplesFile;
  const journal = [samplesFile, real].flatMap(recordsBesideLog).find((file) => existsSync(file));
  if (journal === undefined) return null;
  const events = readEvents((await readJournal(journal)).events, journal);
  return recordedWatch(basename(folder), events, join(folder, 'baseline.ndjson'));
};
