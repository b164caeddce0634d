// Withheld: measures, windows and tests of significance. They are how a gate judges, not what it promises.
export { GatesError, type GatesErrorCode, isGatesError } from './errors.ts';
export { explain } from './explain.ts';
export type { WatchStart } from './judging.ts';
export type {
  BreakAction,
  Cadence,
  CompareGate,
  ConsecutiveGate,
  CounterRatioGate,
  GateKind,
  GatePolicy,
  GaugeQuantileGate,
  GaugeRatioGate,
  HistogramQuantileGate,
  LevelGate,
  Relative,
  ShareGate,
  Streak,
  WatchPolicy,
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
export { type Assessment, type Decision, SETTLING_CADENCE_MS, type Verdict } from './verdict.ts';
export { startWatch, type Watch } from './watch.ts';
