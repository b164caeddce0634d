import { type Gate, openGate } from '../gate.ts';
import type { MeasureContext } from '../measures/measure.ts';
import { amount } from '../numbers.ts';
import type { GatePolicy, WatchPolicy } from '../policy.ts';
import { createProcesses } from '../processes/processes.ts';
import { isBaselineBeyond } from '../relative-limit.ts';
import { readTimed, type Sample, type Timed } from '../sample.ts';
import { createPageReader } from '../series/shapes.ts';
import { checkGateNames } from './disarm.ts';
import { type MetricNames, whyNotThere } from './missing-metrics.ts';

/** One gate on the running release, before a deploy changes anything. */
export type GateLook = {
  readonly gate: string;
  /**
   * `ready`: it can be judged, and is not beyond. `beyond`: rolling back would not mend it. `blind`: it can't
   * be judged. `expected`: it is blind, and was said to be: its metric comes with the release.
   */
  readonly state: 'ready' | 'beyond' | 'blind' | 'expected';
  /** For people: what it reads now, or what is wrong and which names are near. */
  readonly sentence: string;
};

/** A gate because of which a deploy is refused. */
export type ArmingRefusal = GateLook & { readonly state: 'beyond' | 'blind' };

/** What is known besides the samples. */
export type LookOptions = {
  /** Names of all metrics on the page, for "did you mean": a sample has only those that gates select. */
  readonly names?: readonly string[] | undefined;
  /** Gates whose metrics come with the release that is deployed. */
  readonly expect?: readonly string[] | undefined;
};

/** The gate with a streak that so few polls can show. */
const withShortStreak = (gate: GatePolicy, polls: number): GatePolicy => {
  const most = Math.max(1, polls);
  const { need, of } = gate.streak;
  return { ...gate, streak: { need: Math.min(need, most), of: Math.min(of, most) } };
};

type Opened = {
  readonly gate: Gate;
  /** Polls that brought a reading. */
  usable: number;
  hasBroken: boolean;
};

/** Takes all polls, as a watch would. */
const judgeAll = (
  policy: WatchPolicy,
  polls: readonly Timed[],
  context: MeasureContext,
): Opened[] => {
  const opened = Object.entries(policy.gates).map(
    ([name, gate]): Opened => ({
      gate: openGate(name, withShortStreak(gate, polls.length), context),
      usable: 0,
      hasBroken: false,
    }),
  );
  for (const { at, sample } of polls) {
    context.processes.take(at, sample);
    for (const each of opened) if (each.gate.take(at, sample)) each.usable += 1;
    for (const each of opened) if (each.gate.judge(at) === 'break') each.hasBroken = true;
  }
  return opened;
};

const highestBucket = ({ measure, policy, limit }: Gate): string | null => {
  const highest = measure.highest?.() ?? null;
  return highest === null || policy.below || limit < highest
    ? null
    : `its highest finite bucket is ${amount(highest, policy.unit)}: a limit of ${amount(limit, policy.unit)} can't be shown`;
};

/** Why a gate can't be judged on these polls; `null` where it can. */
const whyBlind = (
  { gate, usable }: Opened,
  polls: readonly Timed[],
  names: MetricNames,
): string | null => {
  if (gate.lack() === 'several' || gate.lack() === 'limit')
    return gate.verdict().sentence.replace(`${gate.name}: `, '');
  if (usable === 0)
    return (
      whyNotThere(gate.policy, polls, names) ?? gate.measure.why?.() ?? 'no reading in any sample'
    );
  return highestBucket(gate);
};

/**
 * Looks at each gate on samples of the running release: the baseline, or those taken for arming. Without
 * any sample there is nothing to say. `n of m` counts as beyond where each of fewer polls was.
 * @throws GatesError `unknown-gate` for one that is expected and not there.
 */
export const lookAtGates = (
  policy: WatchPolicy,
  samples: readonly Sample[],
  { names = [], expect = [] }: LookOptions = {},
): GateLook[] => {
  checkGateNames(policy, expect);
  const polls = readTimed(samples);
  if (polls.length === 0) return [];
  const read = createPageReader();
  const context: MeasureContext = {
    read,
    processes: createProcesses(read),
    endAt: Infinity,
    durationMs: policy.durationMs,
    longestMs: 2.5 * policy.cadence.normalMs,
    activation: null,
    baseline: polls,
    limit: 0,
    windowMs: Infinity,
  };
  return judgeAll(policy, polls, context).map((opened): GateLook => {
    const { name, policy: gate, verdict } = opened.gate;
    const sentence = verdict().sentence;
    if (opened.hasBroken && gate.relative === null)
      return { gate: name, state: 'beyond', sentence };
    if (isBaselineBeyond(gate, context))
      return {
        gate: name,
        state: 'beyond',
        sentence: `${name}: the running release is over ${amount(gate.relative?.atMost ?? 0, gate.unit)} (atMost) already`,
      };
    const why = whyBlind(opened, polls, names);
    if (why === null) return { gate: name, state: 'ready', sentence };
    const state = expect.includes(name) ? 'expected' : 'blind';
    return { gate: name, state, sentence: `${name}: ${why}` };
  });
};

/**
 * The looks because of which a deploy is refused: gates that the running release is already beyond, and
 * those that can't be judged on it. Gates that only observe or advise refuse nothing.
 */
export const refusingLooks = (policy: WatchPolicy, looks: readonly GateLook[]): ArmingRefusal[] =>
  looks.filter((look): look is ArmingRefusal => {
    const gate = policy.gates[look.gate];
    const isRefusing = gate?.mode === 'enforce' && gate.onBreak !== 'advise';
    return isRefusing && (look.state === 'beyond' || look.state === 'blind');
  });

/**
 * Looks at the samples for {@link refusingLooks}.
 * @throws GatesError `unknown-gate` for one that is expected and not there.
 */
export const judgeArming = (
  policy: WatchPolicy,
  samples: readonly Sample[],
  options: LookOptions = {},
): ArmingRefusal[] => refusingLooks(policy, lookAtGates(policy, samples, options));
