export {
  type Backtest,
  type BacktestRange,
  backtest,
  type Incident,
  type OnPoll,
  type PastWatch,
  type Recording,
  watchPast,
  withConfidence,
} from './backtest.ts';
export { type Difference, differences } from './differences.ts';
export {
  type RangeGrid,
  type RangeQuery,
  type RangeSeries,
  rangeQueries,
  recordedSeries,
} from './recorded-series.ts';
export { type Alarm, alarmOf, type RunEnding } from './scorecard/ending.ts';
export { type Approach, type JudgedGate, judgeRun } from './scorecard/judge-run.ts';
export {
  type Alarms,
  type GateScore,
  type PastRun,
  type ScoreAdvice,
  type Scorecard,
  scorecard,
} from './scorecard/scorecard.ts';
export { FEWEST_GOOD_RUNS };

import { FEWEST_GOOD_RUNS } from './fewest-good-runs.ts';
import { amount, duration } from './numbers.ts';
import type { GatePolicy, WatchPolicy } from './policy.ts';
import { replay } from './replay.ts';
import { readTime, type Sample } from './sample.ts';

/** What a threshold would have done on the recorded runs. */
export type Candidate = {
  /** In the gate's unit. */
  readonly threshold: number;
  /** Good runs that it breaks. */
  readonly falseAlarms: number;
  /** Bad runs that it lets pass. Not every gate has to catch every bad run. */
  readonly misses: number;
  /** Ms from the start of a bad run to the break, ascending; of those caught. */
  readonly delaysMs: readonly number[];
};

/** One gate's thresholds on record, and the one to take. */
export type Proposal = {
  readonly gate: string;
  readonly unit: string | null;
  readonly current: number;
  /** `null`: none, and `why` says why. */
  readonly proposed: number | null;
  readonly why: string;
  /** Farthest value that each good run reached (of gates with `below`: the lowest); ascending. */
  readonly peaks: readonly number[];
  readonly goodRuns: number;
  readonly badRuns: number;
  /** From the most sensitive to the least; the current one is among them. */
  readonly candidates: readonly Candidate[];
};

type Run = readonly Sample[];

const withThreshold = (
  policy: WatchPolicy,
  name: string,
  gate: GatePolicy,
  threshold: number,
): WatchPolicy => ({
  ...policy,
  gates: { [name]: { ...gate, threshold, mode: 'enforce', onBreak: 'rollback' } },
});

const startOf = (run: Run): number => {
  for (const { at } of run) {
    const ms = readTime(at);
    if (ms !== null) return ms;
  }
  return 0;
};

const breakAfterMs = (policy: WatchPolicy, run: Run): number | null => {
  const { decision, at } = replay(policy, run);
  return decision === 'rollback' ? at - startOf(run) : null;
};

/** Farthest value of a run in the bad direction, at polls that could be judged. */
const peakOf = (policy: WatchPolicy, name: string, gate: GatePolicy, run: Run): number | null => {
  const never = gate.below ? -Number.MAX_VALUE : Number.MAX_VALUE;
  let peak: number | null = null;
  for (const { gates } of replay(withThreshold(policy, name, gate, never), run).history) {
    const verdict = gates[name];
    if (verdict?.verdict !== 'pass' || verdict.value === null) continue;
    const isFarther = gate.below
      ? verdict.value < (peak ?? Infinity)
      : verdict.value > (peak ?? -Infinity);
    if (isFarther) peak = verdict.value;
  }
  return peak;
};

/** Room above the worst good run; 1.25 is the one aimed at. */
const margins = [1, 1.1, 1.25, 1.5, 2, 3];
const aimedAt = 1.25;
/** Tried too where a value beyond the limit does not break by itself: it proves too little, or not for long. */
const within = [0.25, 0.5, 0.75];
const needsMore = (gate: GatePolicy): boolean =>
  gate.streak.of > 1 || ('confidence' in gate && gate.confidence !== null);

const candidateThresholds = (gate: GatePolicy, worst: number): number[] => {
  if (gate.kind === 'consecutive')
    return [0, 1, 2, 3, 4, 5].map((more) => Math.max(0, worst - 1) + more).concat(gate.threshold);
  const steps = [...(needsMore(gate) ? within : []), ...margins].map((margin) => {
    const moved = gate.below
      ? worst - (margin - 1) * Math.abs(worst)
      : worst + (margin - 1) * Math.abs(worst);
    return margin === 1 ? worst : Number(moved.toPrecision(3));
  });
  return [...steps, gate.threshold];
};

const proposalFor = (
  policy: WatchPolicy,
  name: string,
  gate: GatePolicy,
  goodRuns: readonly Run[],
  badRuns: readonly Run[],
): Proposal => {
  const base = {
    gate: name,
    unit: gate.unit,
    current: gate.threshold,
    goodRuns: goodRuns.length,
    badRuns: badRuns.length,
  };
  const none = (why: string, peaks: readonly number[] = []): Proposal => ({
    ...base,
    proposed: null,
    why,
    peaks,
    candidates: [],
  });
  if (gate.relative !== null || gate.kind === 'compare')
    return none('judged against a baseline, not a threshold');
  const peaks = goodRuns
    .map((run) => peakOf(policy, name, gate, run))
    .filter((peak) => peak !== null)
    .sort((a, b) => a - b);
  const worst = gate.below ? peaks[0] : peaks.at(-1);
  if (goodRuns.length < FEWEST_GOOD_RUNS || peaks.length < FEWEST_GOOD_RUNS || worst === undefined)
    return none(
      `it could be judged on ${peaks.length} of ${goodRuns.length} good runs, and fewer than ${FEWEST_GOOD_RUNS} say nothing about how far a good release may go`,
      peaks,
    );
  const towardsLoose = (a: number, b: number) => (gate.below ? b - a : a - b);
  const candidates = [...new Set(candidateThresholds(gate, worst))]
    .sort(towardsLoose)
    .map((threshold): Candidate => {
      const tried = withThreshold(policy, name, gate, threshold);
      const delays = badRuns
        .map((run) => breakAfterMs(tried, run))
        .filter((delay) => delay !== null);
      return {
        threshold,
        falseAlarms: goodRuns.filter((run) => breakAfterMs(tried, run) !== null).length,
        misses: badRuns.length - delays.length,
        delaysMs: delays.sort((a, b) => a - b),
      };
    });
  const aim =
    gate.kind === 'consecutive'
      ? worst + 1
      : worst + (gate.below ? -1 : 1) * (aimedAt - 1) * Math.abs(worst);
  const [best] = candidates
    .filter(({ falseAlarms }) => falseAlarms === 0)
    .sort(
      (a, b) => a.misses - b.misses || Math.abs(a.threshold - aim) - Math.abs(b.threshold - aim),
    );
  if (best === undefined)
    return { ...none('every candidate breaks a good run', peaks), candidates };
  const caught =
    badRuns.length === 0
      ? 'no bad run was given'
      : `it breaks ${badRuns.length - best.misses} of ${badRuns.length} bad runs`;
  return {
    ...base,
    proposed: best.threshold,
    why: `no false alarm on ${goodRuns.length} good runs, whose farthest value was ${amount(worst, gate.unit)}; ${caught}`,
    peaks,
    candidates,
  };
};

/**
 * Thresholds for each gate from recorded runs (each a watch's samples), by replaying every candidate on
 * all of them. Never proposes on fewer than {@link FEWEST_GOOD_RUNS} good runs.
 */
export const tune = (
  policy: WatchPolicy,
  goodRuns: readonly Run[],
  badRuns: readonly Run[] = [],
): Proposal[] =>
  Object.entries(policy.gates).map(([name, gate]) =>
    proposalFor(policy, name, gate, goodRuns, badRuns),
  );

/** The proposals as lines for people: a sentence a gate, and a line for each candidate. */
export const renderProposals = (proposals: readonly Proposal[]): string[] =>
  proposals.flatMap(({ gate, unit, current, proposed, why, candidates, goodRuns, badRuns }) => [
    `${gate}: ${proposed === null ? `no proposal (threshold stays ${amount(current, unit)})` : proposed === current ? `keep ${amount(current, unit)}` : `${amount(proposed, unit)} instead of ${amount(current, unit)}`}: ${why}`,
    ...candidates.map(({ threshold, falseAlarms, misses, delaysMs }) => {
      const middle = delaysMs[Math.floor(delaysMs.length / 2)];
      const delay = middle === undefined ? '' : `, median delay ${duration(middle)}`;
      return `  ${amount(threshold, unit)}: ${falseAlarms} of ${goodRuns} good runs broken, ${misses} of ${badRuns} bad runs missed${delay}`;
    }),
  ]);
