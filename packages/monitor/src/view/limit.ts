import type { Verdict, WatchPolicy } from '@dhash/quality-gates';
import { formatValue } from './format.ts';

/** Whether a gate breaks under its threshold instead of over it. */
export const breaksBelow = (policy: WatchPolicy, gate: string): boolean =>
  policy.gates[gate]?.below === true;

/** Whether the value is on the bad side of the threshold; at the threshold it is not. */
export const isBeyond = (value: number | null, threshold: number, below: boolean): boolean =>
  value !== null && (below ? value < threshold : value > threshold);

/** `≤ 5 %`: what the gate allows. */
export const limitText = (verdict: Verdict, below: boolean): string =>
  `${below ? '≥' : '≤'} ${formatValue(verdict.threshold, verdict.unit)}`;
