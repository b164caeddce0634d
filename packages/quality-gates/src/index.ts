// Withheld: measures, windows and tests of significance. They are how a gate judges, not what it promises.
export { GatesError, type GatesErrorCode, isGatesError } from './errors.ts';
export { explain } from './explain.ts';
export type { WatchStart } from './judging.ts';
export {
  type BreakAction,
  type Cadence,
  type CompareGate,
  type ConsecutiveGate,
  type CounterRatioGate,
  type GateKind,
  type GatePolicy,
  type GaugeQuantileGate,
  type GaugeRatioGate,
  type HistogramQuantileGate,
  type LevelGate,
  type Relative,
  type ShareGate,
  STALE_MS,
  type Streak,
  type WatchPolicy,
} from './policy.ts';
export { type Replay, replay } from './replay.ts';
export type {
  CheckReading,
  HistogramReading,
  MissedPoll,
  MissedReason,
  PolledSample,
  Sample,
} from './sample.ts';
export { nextPollAt, pollTimes, type Standing } from './schedule.ts';
export {
  type LabelMatcher,
  parseSelector,
  type Selector,
  selectorMatches,
} from './series/selector.ts';
export {
  type MetricType,
  MOST_SERIES,
  type SelectedMetric,
  selectorsOf,
} from './series/selectors-of.ts';
export { parseSeriesKey, type Series, seriesKey } from './series/series-key.ts';
export { type Assessment, type Decision, SETTLING_CADENCE_MS, type Verdict } from './verdict.ts';
export { startWatch, type Watch } from './watch.ts';
