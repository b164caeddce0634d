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

/** Whether a watch was over before a time: what its gates would have done then, it does not say. */
const isOverBefore = ({ decision, at }: Replay, time: number): boolean =>
  decision !== 'continue' && at < time;

const sentenceOf = (
  gate: string,
  [before, after]: readonly [number | null, number | null],
  [beforeEnd, afterEnd]: readonly [Replay, Replay],
): string => {
  if (before === null)
    return after !== null && isOverBefore(beforeEnd, after)
      ? `${gate} would have broken, after the end of the other watch`
      : `${gate} would have broken, and did not`;
  if (after === null)
    return isOverBefore(afterEnd, before)
      ? `${gate} is not reached: the watch ends before it breaks`
      : `${gate} would not have broken, and did`;
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
    const sentence = sentenceOf(gate, [beforeAt, afterAt], [before, after]);
    return [{ gate, beforeAt, afterAt, sentence }];
  });
};
