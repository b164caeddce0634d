import type { Assessment, Sample, Verdict, WatchPolicy } from '@dhash/quality-gates';
import { markOf, type PollMark } from '../view/format.ts';
import { breaksBelow } from '../view/limit.ts';
import { allVerdictChanges, type VerdictChange } from '../watch/verdict-changes.ts';
import type { WatchOutcome } from '../watch/watch-event.ts';

/** What a report is made of. */
export type ReportInput = {
  readonly run: string;
  /** For instance `dhash 1.2 → production`. */
  readonly title: string;
  readonly policy: WatchPolicy;
  readonly samples: readonly Sample[];
  /** Of the old release, as the watch was started with. */
  readonly baseline?: readonly Sample[] | undefined;
  /** Taken right after activation, as the watch was started with. */
  readonly activation?: Sample | undefined;
  /** One a sample, as `replay` gives them in `history`. */
  readonly assessments: readonly Assessment[];
  /** When the window began, ms since the epoch; default: the first sample's due time. */
  readonly startedAt?: number | undefined;
  /** What was done after the watch, in a sentence: a page that is written then says it first. */
  readonly ending?: string | undefined;
  /** How the watch ended; default: what the last assessment decides. */
  readonly decision?: WatchOutcome['decision'] | 'continue' | undefined;
  /** The record beside it: the journal's `seq:hash`. */
  readonly journal?: { readonly head: string } | undefined;
  readonly samplesSha256?: string | undefined;
  /** What happened meanwhile that is no verdict; each chart marks it. */
  readonly events?: readonly WatchMark[] | undefined;
};

/** Something that happened during a watch. */
export type WatchMark = {
  /** ms since the epoch. */
  readonly atMs: number;
  /** Plain text, two or three words. */
  readonly label: string;
};

/** A gate over the watch. */
export type GateSeries = {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly below: boolean;
  /** Its limit is a number of its own: a page may try another one. */
  readonly isAdjustable: boolean;
  /** Seconds from the start, and the value over the window then. */
  readonly points: readonly (readonly [seconds: number, value: number | null])[];
  /** Where its verdict changed, and to what; not where it first passed. */
  readonly marks: readonly { readonly seconds: number; readonly to: Verdict['verdict'] }[];
};

/** A poll as the strip and the table of polls show it. */
export type PollRow = {
  readonly atMs: number;
  readonly mark: PollMark;
  readonly text: string;
};

/** The report's content, before it is markup. */
export type ReportData = {
  readonly decision: WatchOutcome['decision'] | 'continue';
  readonly reasons: readonly string[];
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  readonly durationMs: number;
  readonly polls: readonly PollRow[];
  readonly counts: Readonly<Record<PollMark, number>>;
  readonly gates: readonly GateSeries[];
  readonly changes: readonly VerdictChange[];
  /** Of those in the watch, in their order. */
  readonly events: readonly { readonly seconds: number; readonly label: string }[];
};

const toMs = (at: number | string): number => (typeof at === 'number' ? at : Date.parse(at));

const pollText = (sample: Sample): string => {
  if ('missed' in sample) return `missed: ${sample.missed}`;
  const { health } = sample;
  if (health === undefined) return 'health not asked';
  const ms = health.ms === undefined ? '' : ` in ${health.ms} ms`;
  const word = health.ok === null ? 'not known' : health.ok ? `OK${ms}` : 'not OK';
  return health.reason === undefined ? word : `${word}: ${health.reason}`;
};

/** That a gate first passes is what is expected of it; a chart marks what is not. */
const isNews = ({ from, to }: VerdictChange): boolean =>
  to !== 'pass' || (from !== null && from !== 'pending');

/** A comparison and a relative gate take their limit from the baseline. */
const isAdjustable = ({ gates }: WatchPolicy, name: string): boolean => {
  const gate = gates[name];
  return gate !== undefined && gate.kind !== 'compare' && gate.relative === null;
};

/** Worst first: what broke is what the reader came for. */
const gravity: Readonly<Record<Verdict['verdict'], number>> = {
  break: 0,
  nodata: 1,
  pending: 2,
  pass: 3,
};

/** Everything that a report shows, from samples and assessments. Pure. */
export const reportData = (input: ReportInput): ReportData => {
  const { policy, samples, assessments } = input;
  const last = assessments.at(-1);
  const polls = samples.map(
    (sample): PollRow => ({ atMs: toMs(sample.at), mark: markOf(sample), text: pollText(sample) }),
  );
  const startedAtMs = input.startedAt ?? polls[0]?.atMs ?? last?.at ?? 0;
  const changes = allVerdictChanges(assessments);
  const counts = { ok: 0, failed: 0, unknown: 0, missed: 0 };
  for (const { mark } of polls) counts[mark] += 1;
  const gates = Object.entries(last?.gates ?? {})
    .map(
      ([gate, verdict]): GateSeries => ({
        gate,
        verdict,
        below: breaksBelow(policy, gate),
        isAdjustable: isAdjustable(policy, gate),
        points: assessments.map(({ at, gates: judged }) => [
          (at - startedAtMs) / 1000,
          judged[gate]?.value ?? null,
        ]),
        marks: changes
          .filter((change) => change.gate === gate && isNews(change))
          .map(({ at, to }) => ({ seconds: (at - startedAtMs) / 1000, to })),
      }),
    )
    .sort((a, b) => gravity[a.verdict.verdict] - gravity[b.verdict.verdict]);
  const endedAtMs = Math.max(startedAtMs, polls.at(-1)?.atMs ?? startedAtMs);
  const events = (input.events ?? [])
    .filter(({ atMs }) => atMs >= startedAtMs && atMs <= endedAtMs)
    .map(({ atMs, label }) => ({ seconds: (atMs - startedAtMs) / 1000, label }));
  return {
    decision: input.decision ?? last?.decision ?? 'continue',
    reasons: last?.reasons ?? [],
    startedAtMs,
    endedAtMs,
    durationMs: policy.durationMs,
    polls,
    counts,
    gates,
    changes,
    events,
  };
};
