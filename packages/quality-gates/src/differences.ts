import { duration } from './numbers.ts';
import type { Replay } from './replay.ts';

/** One gate under two policies, on the same samples. */
export type Difference = {
  readonly gate: string;
  /** When it broke, epoch ms; `null`: it did not, or has not before its watch ended. */
  readonly beforeAt: number | null;
  readonly afterAt: number | null;
  readonly sentence: string;
};

const breakAt = ({ history }: Replay, gate: string): number | null =>
  history.find(({ gates }) => gates[gate]?.verdict === 'break')?.at ?? null;

const sentenceOf = (gate: string, before: number | null, after: number | null): string => {
  if (before === null) return `${gate} would have broken, and did not`;
  if (after === null) return `${gate} would not have broken, and did`;
  const earlier = before - after;
  return `${gate} would have broken ${duration(Math.abs(earlier))} ${earlier > 0 ? 'earlier' : 'later'}`;
};

/**
 * What another policy would have decided on the same samples: the gates that break at another time, and
 * those that only one of the two has. Empty where nothing differs.
 */
export const differences = (before: Replay, after: Replay): Difference[] => {
  const names = [...new Set([...Object.keys(before.gates), ...Object.keys(after.gates)])];
  return names.flatMap((gate): Difference[] => {
    const [beforeAt, afterAt] = [breakAt(before, gate), breakAt(after, gate)];
    if (beforeAt === afterAt) return [];
    return [{ gate, beforeAt, afterAt, sentence: sentenceOf(gate, beforeAt, afterAt) }];
  });
};
