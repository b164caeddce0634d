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

/** The counters of one target in one gate, and whose they are. */
export type TargetCourse = {
  readonly series: SeriesCounts[];
  /** The target was read before, and had none of these: they begin at 0. Nothing where it had some. */
  begin(at: number): void;
  /** `restarts`: of the target until now, confirmed ones. */
  take(at: number, answerer: Answerer, restarts: number): TakenCourse;
};

/** Told of what a course finds out later. */
export type CourseEvents = {
  /** A held reading was counted after all; with its time. */
  readonly onCounted: (at: number) => void;
  /** What may prove a break was taken back. */
  readonly onTakenBack: () => void;
};
