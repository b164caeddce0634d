import type { Assessment, Sample, Verdict, WatchPolicy } from '@dhash/quality-gates';
import type { WatchOutcome } from './watch/watch-event.ts';

/** What summary.json holds: the end of a watch for a machine. */
export type Summary = {
  readonly format: 1;
  readonly run: string;
  readonly environment: string;
  readonly decision: WatchOutcome['decision'];
  readonly reasons: readonly string[];
  /** ISO 8601, UTC, with ms; so is `endedAt`. */
  readonly startedAt: string;
  readonly endedAt: string;
  /** Polls made; those missed are counted apart. */
  readonly polls: number;
  readonly missed: number;
  readonly gates: Readonly<Record<string, Omit<Verdict, 'suspicious'>>>;
  /** SHA-256 of the canonical policy. */
  readonly fingerprint: string;
  /** SHA-256 of samples.ndjson; see `sampleLogSha256`. */
  readonly samplesSha256: string;
  /** The journal's `seq:hash`, against which lines cut off its end show. */
  readonly head?: string;
};

/** The summary of a watch that has ended. Pure. */
export const summarize = (watched: {
  readonly run: string;
  readonly policy: WatchPolicy;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly decision: WatchOutcome['decision'];
  readonly assessment: Assessment;
  readonly samples: readonly Sample[];
  readonly samplesSha256: string;
  readonly head?: string | undefined;
}): Summary => {
  const missed = watched.samples.filter((sample) => 'missed' in sample).length;
  return {
    format: 1,
    run: watched.run,
    environment: watched.policy.environment,
    decision: watched.decision,
    reasons: [...watched.assessment.reasons],
    startedAt: new Date(watched.startedAt).toISOString(),
    endedAt: new Date(watched.endedAt).toISOString(),
    polls: watched.samples.length - missed,
    missed,
    gates: Object.fromEntries(
      Object.entries(watched.assessment.gates).map(([gate, { suspicious: _, ...verdict }]) => [
        gate,
        verdict,
      ]),
    ),
    fingerprint: watched.policy.fingerprint,
    samplesSha256: watched.samplesSha256,
    ...(watched.head === undefined ? {} : { head: watched.head }),
  };
};
