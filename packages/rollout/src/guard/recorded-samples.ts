import { existsSync } from 'node:fs';
import type { JournalEvent } from '@dhash/journal';
import { readSampleLog } from '@dhash/monitor';
import type { Sample } from '@dhash/quality-gates';

/** The sample that a deploy took right after activation; counters start from it. */
export const activationOf = (events: readonly JournalEvent[]): Sample | undefined => {
  const event = events.findLast(({ type }) => type === 'activation.sampled');
  // Written by this tool's deploy as a sample; the gates read it field by field.
  return event === undefined ? undefined : (event['sample'] as unknown as Sample);
};

/** Samples of the release that ran before the deploy. */
export const recordedBaseline = async (file: string): Promise<Sample[] | undefined> =>
  existsSync(file) ? (await readSampleLog(file)).samples : undefined;
