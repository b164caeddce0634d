import type { Gate } from './gate.ts';
import { amount } from './numbers.ts';
import type { WatchPolicy } from './policy.ts';
import type { Processes } from './processes/processes.ts';
import { restartsText } from './restarts-text.ts';

/** What a watch has counted when its window is over. */
export type Tally = {
  /** Scheduled polls in all. */
  readonly scheduled: number;
  /** Of them, those that brought a known health reading. */
  readonly known: number;
  /** Of them, those at which each gate passed, in the order of the gates. */
  readonly passes: readonly number[];
  /** A sample came for the very last one. */
  readonly lastWasMade: boolean;
  readonly newestCheck: boolean | null;
  readonly refused: number;
  readonly processes: Processes;
};

const share = (part: number, whole: number) => amount((100 * part) / whole, 'percent');

const atTarget = (target: string) => (target === '' ? '' : ` of ${target}`);

/** Why a release whose window is over can't be called good; empty where it can. */
export const reasonsAgainst = (
  policy: WatchPolicy,
  gates: readonly Gate[],
  tally: Tally,
): string[] => {
  const reasons: string[] = [];
  const { scheduled, known } = tally;
  const counts = gates.some((gate) => gate.policy.kind === 'restarts');
  for (const [
    index,
    { name, policy: gate, measure, limit, verdict, isBroken, lack },
  ] of gates.entries()) {
    if (gate.mode === 'observe' || (gate.onBreak === 'advise' && isBroken())) continue;
    const passed = tally.passes[index] ?? 0;
    if (gate.kind === 'compare') {
      const now = verdict();
      if (now.verdict !== 'pass') reasons.push(now.sentence);
    } else if (lack() === 'several') reasons.push(verdict().sentence);
    else if (passed / scheduled < policy.minJudged)
      reasons.push(
        `${name} was judged good at ${passed} of ${scheduled} scheduled polls, ${share(passed, scheduled)} of at least ${share(policy.minJudged, 1)}; last: ${verdict().sentence}`,
      );
    if (measure.isOpen?.())
      reasons.push(
        `${name}: its counters fell at the last reading, and none confirms whose they are`,
      );
    const hasLimit = lack() !== 'limit' && lack() !== 'baseline';
    const whole = hasLimit ? measure.whole?.() : undefined;
    if (whole?.beyond)
      reasons.push(
        `${name}: ${whole.bad} of ${whole.total} over the whole watch are ${amount((100 * whole.bad) / whole.total, 'percent', limit)}, beyond the limit of ${amount(limit, 'percent')}`,
      );
  }
  if (known / scheduled < policy.minCoverage)
    reasons.push(
      `${known} of ${scheduled} scheduled polls brought a known health reading, ${share(known, scheduled)} of at least ${share(policy.minCoverage, 1)}`,
    );
  const trouble = tally.processes.trouble();
  // A gate that counts restarts has judged them by its own limit.
  if (trouble !== null && !counts) reasons.push(restartsText(trouble));
  if (tally.processes.unconfirmed !== null)
    reasons.push(
      `the last reading${atTarget(tally.processes.unconfirmed)} is of a process that was not seen before, and none confirms it`,
    );
  if (tally.newestCheck === false) reasons.push('the newest known health check is not OK');
  if (!tally.lastWasMade) reasons.push('the last scheduled poll was missed');
  if (reasons.length > 0 && tally.refused > 0)
    reasons.push(`${tally.refused} samples were refused`);
  return reasons;
};
