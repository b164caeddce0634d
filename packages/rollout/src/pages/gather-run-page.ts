import { existsSync } from 'node:fs';
import { type ReportInput, readSampleLog, sampleLogSha256 } from '@dhash/monitor';
import { type Assessment, replay } from '@dhash/quality-gates';
import { lastOf, type RecordedEvent } from '../record/events.ts';
import type { Layout } from '../record/layout.ts';
import { foldRun } from '../record/run-state.ts';
import type { Holding } from '../record/standing.ts';
import { recordedWatch } from './recorded-watch.ts';
import { type RunPage, runPage, watchMarks } from './run-page.ts';

/** The decisions that end a watch; a `paused` one is told as interrupted. */
type Decision = NonNullable<ReportInput['decision']>;

const decisions: readonly Decision[] = [
  ...(['promote', 'rollback', 'freeze', 'alert', 'advise'] as const),
  ...(['inconclusive', 'interrupted', 'stood-down'] as const),
];

const decisionOf = (events: readonly RecordedEvent[], judged: Decision): Decision => {
  const ended = lastOf(events, 'watch.started', 'watch.resumed', 'watch.ended');
  return ended?.type === 'watch.ended'
    ? (decisions.find((each) => each === ended.decision) ?? 'interrupted')
    : judged;
};

/** A run's watch as its samples have it, judged again. */
export interface PageWatch {
  readonly report: ReportInput;
  /** What the last sample came to. */
  readonly assessment: Assessment;
  readonly decision: Decision;
  readonly samplesSha256: string;
}

/** `null`: it was not watched, or nothing was sampled yet. */
const pageWatch = async (
  layout: Layout,
  run: string,
  { events, head }: { readonly events: readonly RecordedEvent[]; readonly head: string },
): Promise<PageWatch | null> => {
  const files = layout.run(run);
  const watch = await recordedWatch(run, events, files.baseline);
  if (watch === null || !existsSync(files.samples)) return null;
  const { policy, start } = watch;
  const { samples } = await readSampleLog(files.samples);
  if (samples.length === 0) return null;
  const samplesSha256 = await sampleLogSha256(files.samples);
  const { history, ...assessment } = replay(policy, samples, start);
  const decision = decisionOf(events, assessment.decision);
  return {
    assessment,
    decision,
    samplesSha256,
    report: {
      ...{ run, title: run, policy, samples, decision, samplesSha256 },
      startedAt: start.startedAt,
      baseline: start.baseline,
      activation: start.activation,
      assessments: history,
      journal: { head },
      events: watchMarks(events),
    },
  };
};

/**
 * Reads what the page of a run is folded from.
 *
 * @returns null where these events open no run
 */
export const gatherRunPage = async (
  layout: Layout,
  { run, events }: { readonly run: string; readonly events: readonly RecordedEvent[] },
  around: { readonly held: Holding; readonly shown: (path: string) => string },
): Promise<{ readonly page: RunPage; readonly watch: PageWatch | null } | null> => {
  const state = foldRun(run, events);
  if (state === null) return null;
  const watch = await pageWatch(layout, run, { events, head: state.head });
  return { page: runPage({ state, events, watch: watch?.report ?? null, ...around }), watch };
};
