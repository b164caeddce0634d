import type { Answerer } from '../processes/processes.ts';
import type { SeriesCounts } from './series-counts.ts';

/** What a gate's counters of one target came to at a poll. */
export type TakenCourse =
  /** They are in the sums. */
  | 'counted'
  /** They may be another process's: the next reading tells. */
  | 'held'
  /** Several processes answer there, by turns. */
  | 'several';

/** Where rises go. */
export type Sums = {
  /** What may prove a break. */
  readonly proof: number[];
  /** All that was counted. */
  readonly all: number[];
};

/** Who answered for a target at a poll. */
export type Who = {
  readonly answerer: Answerer;
  /** No other process can be taken for it. */
  readonly isUnmistakable: boolean;
  /** Restarts of the target until now, confirmed ones. */
  readonly restarts: number;
};

/** The counters of one target in one gate, and whose they are. */
export type TargetCourse = {
  readonly series: SeriesCounts[];
  /** The target was read before, and had none of these: they begin at 0. Nothing where it had some. */
  begin(at: number): void;
  take(at: number, who: Who): TakenCourse;
  /** All counters fell at the newest reading, and none has confirmed whose they are. */
  hasFallen(): boolean;
};

/** Told of what a course finds out later. */
export type CourseEvents = {
  /** A held reading was counted after all; with its time. */
  readonly onCounted: (at: number) => void;
  /** What may prove a break was taken back. */
  readonly onTakenBack: () => void;
};
