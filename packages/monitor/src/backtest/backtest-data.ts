import type { Decision, WatchPolicy } from '@dhash/quality-gates';

/** A watch that was slid over what was recorded. */
export type PastWatchRow = {
  /** Epoch ms. */
  readonly startedAt: number;
  readonly decision: Decision;
  /** When it was decided, epoch ms. */
  readonly at: number;
  /** Enforced gates that broke. */
  readonly broke: readonly string[];
  readonly reasons: readonly string[];
};

/** What one way of writing the gates would have done. */
export type BacktestRule = {
  /** For instance `as written`. */
  readonly rule: string;
  readonly watches: number;
  readonly broke: number;
  readonly inconclusive: number;
  /** Gates that broke, each with how often. */
  readonly gates: string;
};

/** What became of an incident under one rule. */
export type BacktestIncident = {
  readonly rule: string;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  /** From its begin to the break; `null`: not caught. */
  readonly afterMs: number | null;
  readonly broke: readonly string[];
  readonly decision: Decision;
};

/** A gate's value over its window, at the polls of all quiet watches. */
export type BacktestSeries = {
  readonly gate: string;
  /** Epoch ms, ascending. */
  readonly at: readonly number[];
  readonly values: readonly (number | null)[];
};

/** What the page of a backtest is made of. */
export type BacktestInput = {
  readonly policy: WatchPolicy;
  /** Epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly everyMs: number;
  /** Where the data came from; shown, so without credentials. */
  readonly source: string;
  /** What came of it, in a sentence or two. */
  readonly headline: readonly string[];
  readonly rules: readonly BacktestRule[];
  /** The quiet watches of the gates as written, oldest first. */
  readonly watches: readonly PastWatchRow[];
  readonly incidents: readonly BacktestIncident[];
  readonly series: readonly BacktestSeries[];
};
