import { existsSync } from 'node:fs';
import { isMonitorError, readSampleLog } from '@dhash/monitor';
import type { Sample, WatchPolicy, WatchStart } from '@dhash/quality-gates';
import { judgeRun, type PastRun } from '@dhash/quality-gates/tune';
import { messageOf } from '../errors.ts';
import { recordedWatch } from '../pages/recorded-watch.ts';
import type { Layout } from '../record/layout.ts';
import type { RecordedRun } from '../record/runs.ts';
import { brokeAtTheTime, endingOfRun } from './run-ending.ts';

/** The watched deploys of an environment, oldest first, and those whose samples can't be replayed. */
export interface PastRuns {
  readonly runs: readonly PastRun[];
  readonly withoutSamples: readonly { readonly run: string; readonly why: string }[];
}

type Samples =
  | { readonly kind: 'read'; readonly samples: readonly Sample[]; readonly start: WatchStart }
  | { readonly kind: 'none'; readonly why: string };

/** The layout that holds a run's samples: of several checkouts or environments only one does. */
const holding = (layouts: readonly Layout[], run: string) =>
  layouts.map((layout) => layout.run(run)).find(({ samples }) => existsSync(samples));

const samplesOf = async (
  layouts: readonly Layout[],
  { state, events }: RecordedRun,
): Promise<Samples> => {
  const files = holding(layouts, state.run);
  if (files === undefined) return { kind: 'none', why: 'its samples are not there any more' };
  try {
    const watch = await recordedWatch(state.run, events, files.baseline);
    const { samples } = await readSampleLog(files.samples);
    if (watch === null || samples.length === 0)
      return { kind: 'none', why: 'no poll of it is on record' };
    return { kind: 'read', samples, start: watch.start };
  } catch (error) {
    // One log that is damaged, or is another user's, takes nothing from the other runs.
    if (!isMonitorError(error) && !(error instanceof Error && 'code' in error)) throw error;
    return { kind: 'none', why: messageOf(error) };
  }
};

/**
 * Reads and replays one run after the other: no more than one log is in memory.
 *
 * @param recorded all runs of one environment, newest first
 */
export const pastRuns = async (
  layouts: readonly Layout[],
  recorded: readonly RecordedRun[],
  policy: WatchPolicy,
): Promise<PastRuns> => {
  const oldestFirst = [...recorded].reverse();
  const runs: PastRun[] = [];
  const withoutSamples: { run: string; why: string }[] = [];
  for (const [index, each] of oldestFirst.entries()) {
    const { kind, watch, run } = each.state;
    if (kind !== 'deploy' || watch === null) continue;
    const samples = await samplesOf(layouts, each);
    if (samples.kind === 'none') withoutSamples.push({ run, why: samples.why });
    runs.push({
      run,
      ending: endingOfRun(each, oldestFirst.slice(index + 1)),
      brokeAtTheTime: brokeAtTheTime(each),
      judged: samples.kind === 'read' ? judgeRun(policy, samples.samples, samples.start) : null,
    });
  }
  return { runs, withoutSamples };
};
