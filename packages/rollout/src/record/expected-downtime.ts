import { formatDuration } from '../words/format.ts';
import { type DownBy, type DownSpan, describeSteps, downtimeOf } from './downtime.ts';
import type { RecordedRun } from './runs.ts';

/** Earlier runs that an estimate goes by, at most. */
const sampledRuns = 5;

/** The stretches of these runs that ended, of one act, newest run first; as many as an estimate goes by. Pure. */
export const earlierDowntimes = (runs: readonly RecordedRun[], by: DownBy): DownSpan[] =>
  runs
    .flatMap(({ events }) => downtimeOf(events).spans)
    .filter((span) => span.by === by && span.toMs !== null)
    .slice(0, sampledRuns);

/** How long a stop to come will be, by what is on record. */
export interface ExpectedDowntime {
  readonly ms: number;
  readonly steps: readonly { readonly step: string; readonly ms: number }[];
  /** Steps of the plan that no run on record took while the service was down. */
  readonly unknown: readonly string[];
  /** How many runs it goes by. */
  readonly runs: number;
}

const median = (numbers: readonly number[]): number => {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/** What lies between a stop's beginning and the first answer, of the steps of a plan. */
const downSteps = (steps: readonly string[]): string[] => {
  const stop = steps.indexOf('stop');
  const health = steps.indexOf('health');
  return stop === -1 ? [] : steps.slice(stop, health === -1 ? undefined : health + 1);
};

/**
 * The median of each planned step over earlier stretches; `null` where there is none, or the plan stops nothing. Pure.
 *
 * @param tried ms of steps that were tried on a copy just now: these count before what earlier runs took
 */
export const expectedDowntime = (
  earlier: readonly DownSpan[],
  planned: readonly string[],
  tried: Readonly<Record<string, number>> = {},
): ExpectedDowntime | null => {
  const wanted = downSteps(planned);
  if (wanted.length === 0 || earlier.length === 0) return null;
  const known = wanted.map((step) => {
    const taken = earlier.flatMap(({ steps }) =>
      steps.filter((one) => one.step === step && !one.isUndo).map(({ ms }) => ms),
    );
    return { step, ms: tried[step] ?? (taken.length === 0 ? null : median(taken)) };
  });
  const steps = known.flatMap(({ step, ms }) => (ms === null ? [] : [{ step, ms }]));
  return {
    ms: steps.reduce((sum, { ms }) => sum + ms, 0),
    steps,
    unknown: known.flatMap(({ step, ms }) => (ms === null ? [step] : [])),
    runs: earlier.length,
  };
};

/** The sentence of a plan; what is not known is said. Pure. */
export const expectedSentence = (
  expected: ExpectedDowntime | null,
  planned: readonly string[],
): string | null => {
  const down = downSteps(planned);
  if (down.length === 0) return null;
  if (expected === null)
    return `the service is down from stop to the first healthy answer (${down.join(', ')}); how long can't be told before a first run is on record`;
  const named = describeSteps(expected.steps);
  return [
    `the service will be down for about ${formatDuration(expected.ms)}`,
    ...(named === '' ? [] : [` (${named})`]),
    `, by the last ${expected.runs === 1 ? 'such run' : `${expected.runs} such runs`} on record`,
    ...(expected.unknown.length === 0
      ? []
      : [`; not known: ${expected.unknown.join(', ')}, which none of them took`]),
  ].join('');
};
