import type { WatchPolicy } from '@dhash/quality-gates';
import { onBreakPlace } from '@dhash/quality-gates/config';
import type { GateScore } from '@dhash/quality-gates/tune';

/** A line of the gates file, and what becomes of it. */
export interface LineToChange {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** What stands there; `null`: nothing, it is added to the gate that stands at this line. */
  readonly from: string | null;
  readonly to: string;
}

const written = (key: string, value: string, file: string): string =>
  file.toLowerCase().endsWith('.json') ? `"${key}": "${value}"` : `${key}: ${value}`;

/** Where a gate's say is changed: from trying to acting, or, where it acts, back to `advise`. */
export const lineToChange = (
  { text, file }: { readonly text: string; readonly file: string },
  policy: WatchPolicy,
  { gate, mode, onBreak }: Pick<GateScore, 'gate' | 'mode' | 'onBreak'>,
): LineToChange => {
  const isObserve = mode === 'observe';
  const key = isObserve ? 'mode' : 'onBreak';
  const armed = policy.onBreak === 'freeze' ? 'freeze' : 'rollback';
  const place = onBreakPlace(text, { file, environment: policy.environment, gate, key });
  const to = isObserve ? 'enforce' : onBreak === 'advise' ? armed : 'advise';
  return {
    file,
    line: place?.ownLine ?? place?.gateLine ?? 1,
    from: (place?.ownLine ?? null) === null ? null : written(key, isObserve ? mode : onBreak, file),
    to: written(key, to, file),
  };
};
