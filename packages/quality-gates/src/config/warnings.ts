import { duration } from '../numbers.ts';
import type { GatePolicy, WatchPolicy } from '../policy.ts';
import { isShare } from '../relative-limit.ts';
import { pollTimes } from '../schedule.ts';

/** Most scheduled polls that fall within any window of this length. */
const mostWithin = (times: readonly number[], windowMs: number): number => {
  let most = 0;
  let from = 0;
  times.forEach((at, index) => {
    while ((times[from] ?? 0) <= at - windowMs) from += 1;
    most = Math.max(most, index - from + 1);
  });
  return most;
};

type Windowed = Extract<GatePolicy, { windowMs: number }>;

/** At how many of the scheduled polls there are enough readings in the window. */
const judgedPolls = (times: readonly number[], { windowMs, minSamples }: Windowed): number => {
  let judged = 0;
  let from = 0;
  times.forEach((at, index) => {
    while ((times[from] ?? 0) <= at - windowMs) from += 1;
    if (index - from + 1 >= minSamples) judged += 1;
  });
  return judged;
};

/** Readings that a baseline brings, both ends included. */
const baselineReadings = ({ baseline }: WatchPolicy): number =>
  baseline === null ? 0 : Math.floor(baseline.durationMs / baseline.cadenceMs) + 1;

const windowWarnings = (gate: Windowed, policy: WatchPolicy): string[] => {
  const times = pollTimes(policy);
  const { windowMs, minSamples } = gate;
  const warnings: string[] = [];
  const most = mostWithin(times, windowMs);
  const shared = judgedPolls(times, gate) / times.length;
  if (most < minSamples)
    warnings.push(
      `can never be judged: at most ${most} polls fall within ${duration(windowMs)}, and it asks for ${minSamples}`,
    );
  else if (gate.mode === 'enforce' && shared < policy.minJudged)
    warnings.push(
      `has ${minSamples} readings in its window at only ${Math.round(100 * shared)} % of the polls, under minJudged: the watch would always end inconclusive`,
    );
  if (windowMs > policy.durationMs)
    warnings.push(
      `its window of ${duration(windowMs)} is longer than the watch of ${duration(policy.durationMs)}`,
    );
  return warnings;
};

/** A ratio of counters proves more than 0 even of a baseline without a bad event. */
const isCounted = (gate: GatePolicy): boolean => 'confidence' in gate && gate.confidence !== null;

const gateWarning = (gate: GatePolicy, policy: WatchPolicy): string[] => {
  const warnings: string[] = [];
  const polls = pollTimes(policy).length;
  if ('windowMs' in gate) warnings.push(...windowWarnings(gate, policy));
  if (gate.kind === 'consecutive' && !gate.below && gate.threshold >= polls)
    warnings.push(
      `can hardly break: it asks for ${Math.floor(gate.threshold) + 1} failing checks in a row, and there are ${polls} polls`,
    );
  const isPercent = isShare(gate);
  if (isPercent && gate.relative === null && gate.threshold > 0 && gate.threshold < 0.01)
    warnings.push(
      `its threshold is in percent: ${gate.threshold} means one in ${Math.round(100 / gate.threshold)}`,
    );
  const judged = 'windowMs' in gate ? judgedPolls(pollTimes(policy), gate) : polls;
  if (judged > 0 && gate.streak.need > judged)
    warnings.push(
      `can never break: it asks for ${gate.streak.need} polls beyond, and at most ${judged} of ${polls} can be judged`,
    );
  const isCount = gate.kind === 'consecutive' || gate.kind === 'share' || 'bad' in gate;
  if (isCount && gate.relative === null && gate.below && gate.threshold <= 0)
    warnings.push('can never break: nothing is counted under 0');
  if (gate.kind === 'consecutive' && gate.below && gate.threshold > 0)
    warnings.push('breaks at a check that is OK: "below" asks for failing checks');
  if (gate.noData.after > polls)
    warnings.push(
      `never tells that data are missing: noData.after is ${gate.noData.after}, and there are ${polls} polls`,
    );
  if (gate.relative !== null && gate.relative.atLeast === undefined && !isCounted(gate))
    warnings.push('is relative to a baseline that may be 0, and has no limit then: say atLeast');
  const needed = gate.kind === 'compare' ? 8 : 'minSamples' in gate ? gate.minSamples : 1;
  const readings = baselineReadings(policy);
  if ((gate.relative !== null || gate.kind === 'compare') && readings < needed)
    warnings.push(
      readings === 0
        ? 'needs a baseline, and the environment has none: add "baseline": { "duration": "2m", "cadence": 15 }'
        : `needs ${needed} readings before the release, and the baseline brings ${readings}`,
    );
  if (gate.kind === 'compare' && polls < 8)
    warnings.push(`can't be judged: it needs 8 readings, and there are ${polls} polls`);
  return warnings;
};

/** What holds as configuration but can't do what was probably meant; a sentence each. */
export const gateWarnings = (policy: WatchPolicy): string[] => {
  const warnings = Object.entries(policy.gates).flatMap(([name, gate]) =>
    gateWarning(gate, policy).map((warning) => `${name} ${warning}`),
  );
  const gates = Object.values(policy.gates);
  if (gates.every(({ mode }) => mode === 'observe'))
    warnings.push('every gate only observes: nothing can break');
  if (!gates.some(({ kind }) => kind === 'consecutive' || kind === 'share'))
    warnings.push(
      'no gate reads the health checks: a dead service is noticed only by missing metrics',
    );
  if (policy.cadence.suspectMs !== null && policy.cadence.suspectMs >= policy.cadence.normalMs)
    warnings.push(
      `suspect polls every ${duration(policy.cadence.suspectMs)} add nothing to polls every ${duration(policy.cadence.normalMs)}`,
    );
  return warnings;
};
