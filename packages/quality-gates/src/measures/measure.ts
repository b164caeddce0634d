import type { Processes } from '../processes/processes.ts';
import type { PolledSample, Timed } from '../sample.ts';
import type { PageReader } from '../series/shapes.ts';

/** What keeps a value from being judged. */
export type Lack =
  /** Fewer readings than `minSamples`. */
  | 'samples'
  /** The counter did not move. */
  | 'traffic'
  /** Fewer events than `minEvents`. */
  | 'events'
  /** Several processes answer by turns. */
  | 'several'
  /** More bad events than events: a misreading, unless it lasts. */
  | 'misread'
  /** The quantile is over the highest finite bucket, and so is the limit. */
  | 'bucket'
  /** The gate is relative to a baseline that gave no value. */
  | 'baseline'
  /** The baseline gave a limit that can't be judged by. */
  | 'limit'
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
  /** The value is a histogram's highest finite bound, and the true one is somewhere over it. */
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
  /** Why the newest poll brought no reading; `null` where that is plain. */
  why?(): string | null;
  /** The newest reading may be another process's, and none has confirmed it; only of counters. */
  isOpen?(): boolean;
  /** The highest value that it can tell, in the gate's unit; only of histograms, `null` until one was read. */
  highest?(): number | null;
};

/** What all measures are opened with. */
export type MeasureContext = {
  /** Absolute, in the gate's unit: a relative gate's is worked out from the baseline first. */
  readonly limit: number;
  /** Of the gate, or infinite over a baseline. */
  readonly windowMs: number;
  /** Of the watch. */
  readonly durationMs: number;
  /** Longest time that a reading holds. */
  readonly longestMs: number;
  /** When the window of the watch ends; epoch ms. */
  readonly endAt: number;
  /** The sample taken right after activation. */
  readonly activation: Timed | null;
  readonly baseline: readonly Timed[];
  /** Who answered; has taken each sample before the measures do. */
  readonly processes: Processes;
  /** Reads the pages of samples; one for all gates, since they have their keys in common. */
  readonly read: PageReader;
};
