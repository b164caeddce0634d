import type { PolledSample, Timed } from '../sample.ts';

/** What keeps a value from being judged. */
export type Lack =
  /** Fewer readings than `minSamples`. */
  | 'samples'
  /** The counter did not move. */
  | 'traffic'
  /** Fewer events than `minEvents`. */
  | 'events'
  /** A counter fell more often than restarts explain. */
  | 'restarts'
  /** The gate is relative to a baseline that gave no value. */
  | 'baseline'
  /** Judged only at the end of the watch. */
  | 'end';

/** One gate's data at one time. */
export type Look = {
  readonly value: number | null;
  readonly readings: number;
  readonly events: number | null;
  readonly lack: Lack | null;
  /** The value over the window is beyond the limit. */
  readonly beyond: boolean;
  /** The value is a histogram's highest finite bound: the true one may be anywhere above. */
  readonly isCapped?: boolean;
};

/** Bad and total over the whole watch, and whether their plain share is beyond the limit. */
export type WholeShare = { readonly bad: number; readonly total: number; readonly beyond: boolean };

/** What a kind of gate makes of samples. Times only grow. */
export type Measure = {
  /** Takes a poll; `false` where it brought no usable reading. */
  take(at: number, sample: PolledSample): boolean;
  /** The state at time `at`, on or after the newest reading's. */
  look(at: number): Look;
  /** The newest data alone are beyond, as of the newest look. */
  suspicious(): boolean;
  /** Only of counter ratios. */
  whole?(): WholeShare;
  /** Why the newest check was not OK; only of health gates. */
  reason?(): string | null;
};

/** What all measures are opened with. */
export type MeasureContext = {
  /** Absolute, in the gate's unit: a relative gate's is worked out from the baseline first. */
  readonly limit: number;
  /** Of the gate, or infinite over a baseline. */
  readonly windowMs: number;
  /** Longest time that a reading holds. */
  readonly longestMs: number;
  /** When the window of the watch ends; epoch ms. */
  readonly endAt: number;
  /** The sample taken right after activation. */
  readonly activation: Timed | null;
  readonly baseline: readonly Timed[];
};
