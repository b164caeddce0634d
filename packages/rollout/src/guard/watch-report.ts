import { atomicWriteFile } from '@dhash/journal';
import {
  readSampleLog,
  renderReport,
  sampleLogSha256,
  summarize,
  type WatchOutcome,
} from '@dhash/monitor';
import { replay, type Sample, type WatchPolicy } from '@dhash/quality-gates';
import type { Environment } from '../environment/environment.ts';
import type { Recorder } from '../record/recorder.ts';

/** Writes summary.json and report.html of a watch beside its samples. */
export const writeWatchReport = async (
  { layout, config }: Environment,
  recorder: Pick<Recorder, 'run' | 'head'>,
  watched: {
    readonly policy: WatchPolicy;
    readonly startedAt: number;
    readonly endedAt: number;
    readonly outcome: WatchOutcome;
    readonly version: string | null;
    readonly baseline: readonly Sample[] | undefined;
    readonly activation: Sample | undefined;
  },
): Promise<void> => {
  const files = layout.run(recorder.run);
  const { samples } = await readSampleLog(files.samples);
  const samplesSha256 = await sampleLogSha256(files.samples);
  const { history } = replay(watched.policy, samples, {
    startedAt: watched.startedAt,
    ...(watched.baseline === undefined ? {} : { baseline: [...watched.baseline] }),
    ...(watched.activation === undefined ? {} : { activation: watched.activation }),
  });
  const summary = summarize({
    run: recorder.run,
    policy: watched.policy,
    startedAt: watched.startedAt,
    endedAt: watched.endedAt,
    decision: watched.outcome.decision,
    assessment: watched.outcome.assessment,
    samples,
    samplesSha256,
    head: recorder.head,
  });
  await atomicWriteFile(files.summary, `${JSON.stringify(summary, null, 2)}\n`, { mode: 0o600 });
  await atomicWriteFile(
    files.report,
    renderReport({
      title: `${config.service}${watched.version === null ? '' : ` ${watched.version}`} → ${config.env}`,
      run: recorder.run,
      policy: watched.policy,
      startedAt: watched.startedAt,
      baseline: watched.baseline,
      activation: watched.activation,
      samples,
      assessments: history,
      decision: watched.outcome.decision,
      journal: { head: recorder.head },
      samplesSha256,
    }),
    { mode: 0o600 },
  );
};
