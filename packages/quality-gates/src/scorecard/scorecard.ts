import { FEWEST_GOOD_RUNS } from '../fewest-good-runs.ts';
import type { GatePolicy, WatchPolicy } from '../policy.ts';
import { type Alarm, alarmOf, type RunEnding } from './ending.ts';
import { type Approach, isNearer, type JudgedGate } from './judge-run.ts';

/** A watched deploy as the record has it. */
export type PastRun = {
  readonly run: string;
  readonly ending: RunEnding;
  /** Gates that broke in it, as they were then. */
  readonly brokeAtTheTime: readonly string[];
  /** Replayed by {@link judgeRun}; `null`: its samples are gone or can't be read, and it counts by what the record says alone. */
  readonly judged: ReadonlyMap<string, JudgedGate> | null;
};

/** Runs by what a break in them was; oldest first. */
export type Alarms = Readonly<Record<Alarm, readonly string[]>>;

/** What to do with a gate after these runs. */
export type ScoreAdvice =
  | { readonly kind: 'arm'; readonly goodRuns: number }
  | { readonly kind: 'not yet'; readonly why: string }
  /** It acts already, and would have acted on a good release. */
  | { readonly kind: 'too eager'; readonly runs: readonly string[] }
  | { readonly kind: 'keep' };

/** One gate over all runs. */
export type GateScore = {
  readonly gate: string;
  readonly unit: string | null;
  readonly onBreak: GatePolicy['onBreak'];
  readonly mode: GatePolicy['mode'];
  /** Replayed with the gate as it is now. */
  readonly today: Alarms;
  /** As the record has it; empty for a gate that is newer than the runs. */
  readonly atTheTime: Alarms;
  /** The nearest that a good run came to the limit without breaking it; `null`: none could be judged. */
  readonly closest: (Approach & { readonly run: string }) | null;
  /** Polls of all replayed runs, up to a break, and those of them at which the gate could be judged. */
  readonly polls: number;
  readonly judged: number;
  /** Why it could not be judged, where that was last so; `null`: it always could. */
  readonly lastUnjudged: string | null;
  /** Good runs at which it was judged at `minJudged` of the polls. */
  readonly goodRuns: number;
  readonly advice: ScoreAdvice;
};

/** How the gates of one environment did on the deploys that are on record. */
export type Scorecard = {
  readonly environment: string;
  readonly deploys: number;
  /** Of them: released for good, taken out for good, neither. */
  readonly good: number;
  readonly bad: number;
  readonly undecided: number;
  /** Runs that could be replayed. */
  readonly replayed: number;
  /** Runs with at least one such break, whatever the gate may do; replayed with the gates as they are now. */
  readonly today: Alarms;
  readonly atTheTime: Alarms;
  /** Bad runs that no gate breaks now. */
  readonly missed: readonly string[];
  /** Of all gates whose value and limit have a ratio. */
  readonly closest: (Approach & { readonly gate: string; readonly run: string }) | null;
  readonly gates: readonly GateScore[];
  /** Gates that broke then and are not in the policy any more. */
  readonly gone: readonly { readonly gate: string; readonly atTheTime: Alarms }[];
};

/** A run whose ending makes every break a false alarm. */
const isGood = ({ ending }: PastRun) => alarmOf(ending) === 'false';

const alarmsOf = (runs: readonly PastRun[]): Alarms => {
  const named = (alarm: Alarm) =>
    runs.filter(({ ending }) => alarmOf(ending) === alarm).map(({ run }) => run);
  return { true: named('true'), false: named('false'), undecided: named('undecided') };
};

/** Runs in which a gate broke at the time. */
const brokenIn = (runs: readonly PastRun[], gate: string): Alarms =>
  alarmsOf(runs.filter(({ brokeAtTheTime }) => brokeAtTheTime.includes(gate)));

const nearest = <T extends Approach>(
  found: readonly T[],
  gate: Pick<GatePolicy, 'below'>,
): T | null =>
  found.reduce<T | null>(
    (best, each) => (best === null || isNearer(each, best, gate) ? each : best),
    null,
  );

/** It changes nothing but what is told. */
const isTrial = (gate: GatePolicy) => gate.mode === 'observe' || gate.onBreak === 'advise';

const adviceFor = (
  gate: GatePolicy,
  { goodRuns, today, lastUnjudged }: Pick<GateScore, 'goodRuns' | 'today' | 'lastUnjudged'>,
  allGood: number,
): ScoreAdvice => {
  if (!isTrial(gate))
    return today.false.length > 0 ? { kind: 'too eager', runs: today.false } : { kind: 'keep' };
  const breaks = today.false.length;
  if (breaks > 0)
    return {
      kind: 'not yet',
      why: `it would have broken ${breaks} good ${breaks === 1 ? 'run' : 'runs'}`,
    };
  if (goodRuns >= FEWEST_GOOD_RUNS) return { kind: 'arm', goodRuns };
  const last = lastUnjudged === null ? '' : `; last: ${lastUnjudged}`;
  return {
    kind: 'not yet',
    why:
      allGood < FEWEST_GOOD_RUNS
        ? `${allGood} of ${FEWEST_GOOD_RUNS} good runs so far`
        : `it could be judged in ${goodRuns} of ${allGood} good runs, and needs ${FEWEST_GOOD_RUNS}${last}`,
  };
};

const scoreOf = (
  { minJudged }: WatchPolicy,
  name: string,
  gate: GatePolicy,
  runs: readonly PastRun[],
): GateScore => {
  const seen = runs.flatMap((run) => {
    const judged = run.judged?.get(name);
    return judged === undefined ? [] : [{ run, judged }];
  });
  const good = seen.filter(({ run }) => isGood(run));
  const today = alarmsOf(seen.filter(({ judged }) => judged.broke).map(({ run }) => run));
  const atTheTime = brokenIn(runs, name);
  // A comparison is judged once, at the end.
  const leastJudged = (polls: number) => (gate.kind === 'compare' ? 1 : minJudged * polls);
  const goodRuns = good.filter(
    ({ judged: { judged, polls } }) => judged > 0 && judged >= leastJudged(polls),
  ).length;
  const lastUnjudged = seen.findLast(({ judged }) => judged.lastUnjudged !== null)?.judged;
  const sum = (part: 'polls' | 'judged') => seen.reduce((all, { judged }) => all + judged[part], 0);
  const told = { goodRuns, today, lastUnjudged: lastUnjudged?.lastUnjudged ?? null };
  return {
    gate: name,
    unit: gate.unit,
    onBreak: gate.onBreak,
    mode: gate.mode,
    atTheTime,
    closest: nearest(
      good.flatMap(({ run, judged }) =>
        judged.closest === null || judged.broke ? [] : [{ ...judged.closest, run: run.run }],
      ),
      gate,
    ),
    polls: sum('polls'),
    judged: sum('judged'),
    ...told,
    advice: adviceFor(gate, told, good.length),
  };
};

/**
 * How the gates of `policy` do on deploys of the past, gate by gate, replayed and as they did at the time. Which break is
 * a false alarm, {@link alarmOf} says. Runs come oldest first.
 */
export const scorecard = (policy: WatchPolicy, runs: readonly PastRun[]): Scorecard => {
  const gates = Object.entries(policy.gates).map(([name, gate]) =>
    scoreOf(policy, name, gate, runs),
  );
  const breaks = ({ judged }: PastRun) => [...(judged?.values() ?? [])].some(({ broke }) => broke);
  const counted = alarmsOf(runs);
  const known = new Set(Object.keys(policy.gates));
  const gone = [...new Set(runs.flatMap(({ brokeAtTheTime }) => brokeAtTheTime))].filter(
    (name) => !known.has(name),
  );
  return {
    environment: policy.environment,
    deploys: runs.length,
    good: counted.false.length,
    bad: counted.true.length,
    undecided: counted.undecided.length,
    replayed: runs.filter(({ judged }) => judged !== null).length,
    today: alarmsOf(runs.filter(breaks)),
    atTheTime: alarmsOf(runs.filter(({ brokeAtTheTime }) => brokeAtTheTime.length > 0)),
    missed: alarmsOf(runs.filter((run) => run.judged !== null && !breaks(run))).true,
    closest: nearest(
      gates.flatMap(({ gate, closest }) =>
        closest === null || closest.percent === null ? [] : [{ ...closest, gate }],
      ),
      { below: false },
    ),
    gates,
    gone: gone.map((gate) => ({ gate, atTheTime: brokenIn(runs, gate) })),
  };
};
