import { startJudging } from './judging.ts';
import type { GatePolicy, WatchPolicy } from './policy.ts';
import type { PolledSample, Sample } from './sample.ts';
import { nextPollAt } from './schedule.ts';
import type { Assessment, Decision } from './verdict.ts';

/** What was recorded before there was any watch. */
export type Recording = {
  /** What a poll at this time (epoch ms) would have read; `null` where nothing was recorded. */
  sampleAt(at: number): PolledSample | null;
};

/** One watch over the past. */
export type PastWatch = {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly decision: Decision;
  /** When it was decided, epoch ms. */
  readonly at: number;
  /** Enforced gates that broke. */
  readonly broke: readonly string[];
  readonly reasons: readonly string[];
  /** Polls that found something recorded. */
  readonly polls: number;
};

/** A time in which something was known to be wrong; epoch ms, `to` included. */
export type Incident = { readonly from: number; readonly to: number };

/** What a policy would have done to what was recorded. */
export type Backtest = {
  /** Watches that touch no incident: each that breaks is a false alarm. */
  readonly quiet: readonly PastWatch[];
  /** The watch that begins with each incident, as if a release had brought it. */
  readonly incidents: readonly (Incident & { readonly watch: PastWatch })[];
};

/** Times between which watches are begun, `everyMs` apart; epoch ms. The last one ends by `to`. */
export type BacktestRange = {
  readonly from: number;
  readonly to: number;
  readonly everyMs: number;
  readonly incidents?: readonly Incident[] | undefined;
  /** Of the quiet watches; it costs the telling of every poll. */
  readonly onPoll?: OnPoll | undefined;
};

const baselineOf = (
  { baseline }: WatchPolicy,
  { sampleAt }: Recording,
  startedAt: number,
): Sample[] => {
  if (baseline === null) return [];
  const samples: Sample[] = [];
  for (let ms = baseline.durationMs; ms > 0; ms -= baseline.cadenceMs) {
    const sample = sampleAt(startedAt - ms);
    if (sample !== null) samples.push(sample);
  }
  return samples;
};

/** Told of each poll of a watch over the past. */
export type OnPoll = (assessment: Assessment) => void;

/** Polls what was recorded as a monitor would have, suspect polls too. */
export const watchPast = (
  policy: WatchPolicy,
  recording: Recording,
  startedAt: number,
  onPoll?: OnPoll,
): PastWatch => {
  const watch = startJudging(policy, {
    startedAt,
    baseline: baselineOf(policy, recording, startedAt),
  });
  let polls = 0;
  for (let at: number | null = startedAt; at !== null; ) {
    const sample = recording.sampleAt(at);
    if (sample !== null) {
      polls += 1;
      watch.take({ ...sample, at });
      onPoll?.(watch.assessment(watch.outcome));
      if (watch.outcome.decision !== 'continue') break;
    }
    at = nextPollAt(policy, { startedAt, lastAt: at, suspicious: watch.suspicious() });
  }
  const end = watch.assessment(
    watch.outcome.decision === 'continue'
      ? watch.finish(startedAt + policy.durationMs)
      : watch.outcome,
  );
  const broke = Object.entries(end.gates)
    .filter(([, { verdict, mode }]) => verdict === 'break' && mode === 'enforce')
    .map(([name]) => name);
  return { startedAt, decision: end.decision, at: end.at, broke, reasons: end.reasons, polls };
};

/** Begins a watch every so often over what was recorded, and one with each incident. */
export const backtest = (
  policy: WatchPolicy,
  recording: Recording,
  { from, to, everyMs, incidents = [], onPoll }: BacktestRange,
): Backtest => {
  const quiet: PastWatch[] = [];
  for (let at = from; everyMs > 0 && at + policy.durationMs <= to; at += everyMs) {
    const end = at + policy.durationMs;
    if (incidents.some((incident) => incident.from <= end && incident.to >= at)) continue;
    const watch = watchPast(policy, recording, at, onPoll);
    if (watch.polls > 0) quiet.push(watch);
  }
  return {
    quiet,
    incidents: incidents.map((incident) => ({
      ...incident,
      watch: watchPast(policy, recording, incident.from),
    })),
  };
};

/** The policy with this confidence (0.5 to 1; `null`: the plain comparison) in every ratio of counters. */
export const withConfidence = (policy: WatchPolicy, confidence: number | null): WatchPolicy => ({
  ...policy,
  gates: Object.fromEntries(
    Object.entries(policy.gates).map(([name, gate]): [string, GatePolicy] => [
      name,
      gate.kind === 'ratio' && gate.source === 'counters' ? { ...gate, confidence } : gate,
    ]),
  ),
});
