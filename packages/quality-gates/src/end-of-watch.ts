import type { Gate } from './gate.ts';
import { amount } from './numbers.ts';
import type { WatchPolicy } from './policy.ts';

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
};

const share = (part: number, whole: number) => amount((100 * part) / whole, 'percent');

/** Why a release whose window is over can't be called good; empty where it can. */
export const reasonsAgainst = (
  policy: WatchPolicy,
  gates: readonly Gate[],
  tally: Tally,
): string[] => {
  const reasons: string[] = [];
  const { scheduled, known } = tally;
  for (const [index, { name, policy: gate, measure, limit, verdict }] of gates.entries()) {
    if (gate.mode === 'observe') continue;
    const passed = tally.passes[index] ?? 0;
    if (gate.kind === 'compare') {
      const now = verdict();
      if (now.verdict !== 'pass') reasons.push(now.sentence);
    } else if (passed / scheduled < policy.minJudged)
      reasons.push(
        `${name} was judged good at ${passed} of ${scheduled} scheduled polls, ${share(passed, scheduled)} of at least ${share(policy.minJudged, 1)}; last: ${verdict().sentence}`,
      );
    const whole = measure.whole?.();
    if (whole?.beyond)
      reasons.push(
        `${name}: ${whole.bad} of ${whole.total} over the whole watch are ${amount((100 * whole.bad) / whole.total, 'percent', limit)}, beyond the limit of ${amount(limit, 'percent')}`,
      );
  }
  if (known / scheduled < policy.minCoverage)
    reasons.push(
      `${known} of ${scheduled} scheduled polls brought a known health reading, ${share(known, scheduled)} of at least ${share(policy.minCoverage, 1)}`,
    );
  if (tally.newestCheck === false) reasons.push('the newest known health check is not OK');
  if (!tally.lastWasMade) reasons.push('the last scheduled poll was missed');
  if (reasons.length > 0 && tally.refused > 0)
    reasons.push(`${tally.refused} samples were refused`);
  return reasons;
};
