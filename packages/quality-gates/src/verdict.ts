import type { GateKind } from './policy.ts';

/**
 * What a watch says after a sample. Only `promote` is success. `advise`: the window is over, and a gate broke
 * that only tells (`onBreak: "advise"`).
 */
export type Decision =
  | 'continue'
  | 'promote'
  | 'inconclusive'
  | 'rollback'
  | 'freeze'
  | 'alert'
  | 'advise';

/** One gate after one sample. Plain data. */
export type Verdict = {
  /** `break` is final; the others may follow each other in any order. */
  readonly verdict: 'pending' | 'pass' | 'break' | 'nodata';
  readonly kind: GateKind;
  readonly mode: 'enforce' | 'observe';
  /** Over the window, in `unit`; `null` where there is none. Never NaN or infinite. */
  readonly value: number | null;
  /** In `unit`. 0 while a gate relative to a baseline has none. */
  readonly threshold: number;
  readonly unit: string | null;
  readonly windowMs: number | null;
  /** Usable readings in the window; of gates without one, since the start. */
  readonly readings: number;
  /** Increase of the gate's counter over the window; `null` for gates without one. */
  readonly events: number | null;
  /** The newest data alone are beyond: poll sooner (`pollCadence.suspect`). */
  readonly suspicious: boolean;
  /** For a person at 3 a.m. */
  readonly sentence: string;
};

/** All gates after one sample, and what follows. */
export type Assessment = {
  /** Of the sample, or as given to `finish`; epoch ms. */
  readonly at: number;
  readonly decision: Decision;
  readonly gates: Readonly<Record<string, Verdict>>;
  /** Why the decision is not `continue` or `promote`; why a sample was refused. */
  readonly reasons: readonly string[];
  readonly fingerprint: string;
  /**
   * `false`: the window is over, but the newest known check is not OK. A live watch goes on every
   * {@link SETTLING_CADENCE_MS} until the streak breaks its gate or a check is OK.
   */
  readonly settled: boolean;
};

/** Distance of the polls after the end while the newest known check is not OK. */
export const SETTLING_CADENCE_MS = 10_000;
