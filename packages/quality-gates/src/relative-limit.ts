import type { MeasureContext } from './measures/measure.ts';
import { openMeasure } from './measures/open-measure.ts';
import { amount } from './numbers.ts';
import type { GatePolicy, Relative } from './policy.ts';
import { createProcesses } from './processes/processes.ts';
import { normalQuantile, wilsonBound } from './wilson.ts';
import { bounded } from './windows/bounded.ts';

/** What a gate judges by, in its unit; or why it can't. */
export type Limit =
  | { readonly kind: 'limit'; readonly limit: number }
  /** The baseline gave no value. */
  | { readonly kind: 'no-baseline' }
  /** It gave one that no limit can be made of. */
  | { readonly kind: 'unfit'; readonly why: string };

/** A gate whose value is a share, in percent: it never is over 100. */
export const isShare = (gate: GatePolicy): boolean =>
  gate.kind === 'share' ||
  (gate.kind === 'ratio' && (gate.source === 'counters' || gate.unit === 'percent'));

/**
 * The gate's value over the whole baseline. Of a ratio of counters, what the baseline leaves open
 * counts: the far end of its Wilson interval, since 0 of 20 is no proof of 0 %.
 */
const baselineValue = (gate: GatePolicy, context: MeasureContext): number | null => {
  const processes = createProcesses(context.read);
  const measure = openMeasure(gate, {
    ...context,
    limit: 0,
    windowMs: Infinity,
    activation: null,
    baseline: [],
    processes,
  });
  let last: number | null = null;
  for (const { at, sample } of context.baseline) {
    processes.take(at, sample);
    measure.take(at, sample);
    last = at;
  }
  if (last === null) return null;
  const look = measure.look(last);
  // Over a limit of 0 anything is: what a histogram's last bucket hides is told by its own gate.
  if (look.lack !== null && look.lack !== 'bucket') return null;
  const whole = measure.whole?.();
  if (whole === undefined || !('confidence' in gate) || gate.confidence === null) return look.value;
  const z = normalQuantile(gate.confidence);
  return 100 * wilsonBound(whole.bad, whole.total, gate.below ? z : -z);
};

const held = (value: number, { atLeast = -Infinity, atMost = Infinity }: Relative): number =>
  Math.min(Math.max(value, atLeast), atMost);

/** The limit that a gate is opened with. */
export const limitOf = (gate: GatePolicy, context: MeasureContext): Limit => {
  const { relative } = gate;
  if (relative === null) return { kind: 'limit', limit: gate.threshold };
  const value = baselineValue(gate, context);
  // Three times less than nothing is no limit: a release like the old one would break.
  if (value === null || value < 0) return { kind: 'no-baseline' };
  if (value === 0 && relative.atLeast === undefined)
    return {
      kind: 'unfit',
      why: 'the baseline is 0, and a multiple of nothing is no limit: say atLeast',
    };
  const limit = bounded(held(value * relative.factor, relative));
  return isShare(gate) && !gate.below && limit >= 100
    ? {
        kind: 'unfit',
        why: `the limit would be ${amount(limit, 'percent')}, which no share is over: say atMost`,
      }
    : { kind: 'limit', limit };
};

/** The baseline itself is beyond `atMost`: a release like the old one breaks. */
export const isBaselineBeyond = (gate: GatePolicy, context: MeasureContext): boolean => {
  const atMost = gate.relative?.atMost;
  if (atMost === undefined || gate.below) return false;
  const value = baselineValue(gate, context);
  return value !== null && value > atMost;
};
