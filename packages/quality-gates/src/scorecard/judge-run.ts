import { startJudging, type WatchStart } from '../judging.ts';
import type { GatePolicy, WatchPolicy } from '../policy.ts';
import { isMissed, type Sample } from '../sample.ts';
import type { Verdict } from '../verdict.ts';

/** How near a value came to its limit. */
export type Approach = {
  /** 100 is at the limit; `null` where limit and value have no ratio (a limit of 0, a value below 0). */
  readonly percent: number | null;
  readonly value: number;
  readonly limit: number;
};

/** One gate over one recorded run. */
export type JudgedGate = {
  readonly broke: boolean;
  /** Polls that were made, up to the break. */
  readonly polls: number;
  /** Of them, those at which the gate had a verdict other than "not yet" and "no data". */
  readonly judged: number;
  /** The nearest without a break; `null`: it was never judged. */
  readonly closest: Approach | null;
  /** What was said last where there was no data; `null`: there always was. */
  readonly lastUnjudged: string | null;
};

const approachOf = ({ value, threshold }: Verdict, gate: GatePolicy): Approach | null => {
  if (value === null) return null;
  const [part, whole] = gate.below ? [threshold, value] : [value, threshold];
  const percent = whole > 0 && part >= 0 ? (100 * part) / whole : null;
  return { percent, value, limit: threshold };
};

/** Whether `a` is nearer than `b`. Without percentages the values say it. */
export const isNearer = (
  a: Approach,
  b: Approach,
  { below }: Pick<GatePolicy, 'below'>,
): boolean =>
  a.percent === null && b.percent === null
    ? below
      ? a.value < b.value
      : a.value > b.value
    : (a.percent ?? -1) > (b.percent ?? -1);

const nearer = (a: Approach | null, b: Approach | null, gate: GatePolicy): Approach | null => {
  if (a === null || b === null) return a ?? b;
  return isNearer(b, a, gate) ? b : a;
};

/** No gate ends the watch for another: each is judged on all that was recorded. */
const eachByItself = (policy: WatchPolicy): WatchPolicy => ({
  ...policy,
  gates: Object.fromEntries(
    Object.entries(policy.gates).map(([name, gate]): [string, GatePolicy] => [
      name,
      { ...gate, mode: 'enforce', onBreak: 'advise' },
    ]),
  ),
});

/** What each gate says of a recorded run, whatever the others do. */
export const judgeRun = (
  policy: WatchPolicy,
  samples: readonly Sample[],
  start: WatchStart,
): ReadonlyMap<string, JudgedGate> => {
  const judging = startJudging(eachByItself(policy), start);
  const judged = new Map<string, JudgedGate>(
    Object.keys(policy.gates).map((name) => [
      name,
      { broke: false, polls: 0, judged: 0, closest: null, lastUnjudged: null },
    ]),
  );
  const note = (name: string, gate: GatePolicy, verdict: Verdict): void => {
    const before = judged.get(name);
    if (before === undefined || before.broke) return;
    const { polls, closest } = before;
    const broke = verdict.verdict === 'break';
    const isPass = verdict.verdict === 'pass';
    judged.set(name, {
      broke,
      polls: polls + 1,
      judged: before.judged + Number(broke || isPass),
      closest: isPass ? nearer(closest, approachOf(verdict, gate), gate) : closest,
      lastUnjudged: verdict.verdict === 'nodata' ? verdict.sentence : before.lastUnjudged,
    });
  };
  for (const sample of samples) {
    if (judging.isOver) break;
    if (judging.take(sample) !== null || isMissed(sample)) continue;
    const { gates } = judging.assessment(judging.outcome);
    for (const [name, gate] of Object.entries(policy.gates)) {
      const verdict = gates[name];
      if (verdict !== undefined) note(name, gate, verdict);
    }
  }
  return judged;
};
