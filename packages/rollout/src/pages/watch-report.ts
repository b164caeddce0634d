import { existsSync } from 'node:fs';
import { atomicWriteFile } from '@dhash/journal';
import { readSampleLog, renderReport, sampleLogSha256, summarize } from '@dhash/monitor';
import { replay } from '@dhash/quality-gates';
import type { Environment } from '../environment/environment.ts';
import { lastOf, type RecordedEvent } from '../record/events.ts';
import { foldRun, type RunState } from '../record/run-state.ts';
import { recordedWatch } from './recorded-watch.ts';

/** The decisions that end a watch; a `paused` one is told as interrupted. */
type Decision = NonNullable<Parameters<typeof renderReport>[0]['decision']>;

const decisions: readonly Decision[] = [
  'promote',
  'rollback',
  'freeze',
  'alert',
  'advise',
  'inconclusive',
  'interrupted',
  'stood-down',
];

const decisionOf = (
  events: readonly RecordedEvent[],
  judged: Decision,
): Exclude<Decision, 'continue'> => {
  const ended = lastOf(events, 'watch.started', 'watch.resumed', 'watch.ended');
  const named =
    ended?.type === 'watch.ended' ? decisions.find((each) => each === ended.decision) : judged;
  return named === undefined || named === 'continue' ? 'interrupted' : named;
};

/** What became of the run after its watch, in a sentence for the head of its page. Pure. */
export const endingOf = (state: RunState, events: readonly RecordedEvent[]): string => {
  const release = state.version === null ? 'the release' : `release ${state.version}`;
  switch (state.status) {
    case 'promoted':
      return `${release} was promoted and stays.`;
    case 'rolled back':
      return `${release} was taken out: ${state.rolledBack?.to ?? 'the release before'} runs again, and was seen to be well.`;
    case 'rolling back':
      return `${release} is being rolled back; this page was written before that ended.`;
    case 'alerted':
      return `A gate broke and nothing was rolled back: ${release} is still live, and a person must act. Why: ${lastOf(events, 'rollback.withheld')?.why ?? 'it was not asked for'}.`;
    case 'frozen':
      return `A gate broke: ${release} is still live, and nothing is done until a person decides.`;
    case 'needs people':
      return `People are needed: ${state.reasons.join('; ')}`;
    case 'inconclusive':
      return `${release} is live and was not promoted: there was not enough to judge it by.`;
    case 'aborted':
      return `The deploy was undone on request: ${state.previous ?? 'no release'} runs.`;
    case 'failed and undone':
      return `The deploy failed and was undone: ${state.previous ?? 'no release'} runs.`;
    case 'superseded':
      return 'Another deploy went over this run.';
    case 'done':
      return 'This watch belonged to no deploy: nothing was acted on.';
    default:
      return `${release} is live; its run is ${state.status}.`;
  }
};

/**
 * Writes summary.json and report.html of a run's watch beside its samples, from what is on disk.
 *
 * @returns false where the run was not watched
 */
export const writeWatchReport = async (
  { layout, config }: Environment,
  { run, head, events }: { run: string; head: string; events: readonly RecordedEvent[] },
): Promise<boolean> => {
  const files = layout.run(run);
  const state = foldRun(run, events);
  const watch = await recordedWatch(run, events, files.baseline);
  if (state === null || watch === null || !existsSync(files.samples)) return false;
  const { policy, start } = watch;
  const { samples } = await readSampleLog(files.samples);
  if (samples.length === 0) return false;
  const samplesSha256 = await sampleLogSha256(files.samples);
  const { history, ...assessment } = replay(policy, samples, start);
  const decision = decisionOf(events, assessment.decision);
  const startedAt = start.startedAt;
  const summary = summarize({
    ...{ run, policy, startedAt, decision, assessment, samples, samplesSha256, head },
    endedAt: Date.parse(lastOf(events, 'watch.ended')?.at ?? '') || assessment.at,
  });
  await atomicWriteFile(files.summary, `${JSON.stringify(summary, null, 2)}\n`, { mode: 0o600 });
  const report = renderReport({
    title: `${config.service}${state.version === null ? '' : ` ${state.version}`} → ${config.env}`,
    ending: endingOf(state, events),
    baseline: start.baseline,
    activation: start.activation,
    assessments: history,
    journal: { head },
    ...{ run, policy, startedAt, samples, decision, samplesSha256 },
  });
  await atomicWriteFile(files.report, report, { mode: 0o600 });
  return true;
};
