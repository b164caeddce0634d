export type {
  BacktestIncident,
  BacktestInput,
  BacktestRule,
  BacktestSeries,
  PastWatchRow,
} from './backtest/backtest-data.ts';
export { renderBacktest } from './backtest/render-backtest.ts';
export type { Clock } from './clock.ts';
export { isMonitorError, MonitorError, type MonitorErrorCode } from './errors.ts';
export {
  controlHasSucceeded,
  type HealthProbe,
  type HealthReading,
  type HttpHealthOptions,
  httpHealth,
} from './health/http-health.ts';
export type { HttpOptions } from './http/read-text.ts';
export { renderReport } from './report/render-report.ts';
export type { ReportInput } from './report/report-data.ts';
export {
  openSampleLog,
  type ReadSamples,
  readSampleLog,
  type SampleLog,
  sampleLogSha256,
} from './sample/sample-log.ts';
export { type Probes, type TakenSample, takeSample } from './sample/take-sample.ts';
export { type SamplingOptions, takeArmingSamples, takeBaseline } from './sample/take-samples.ts';
export { jsonSource } from './sources/json-source.ts';
export { parsePrometheusText } from './sources/parse-prometheus-text.ts';
export { prometheusSource } from './sources/prometheus-source.ts';
export type { Source } from './sources/source.ts';
export { type Summary, summarize } from './summary.ts';
export { renderEventLine } from './view/render-event-line.ts';
export { renderTerminal } from './view/render-terminal.ts';
export {
  advanceTerminal,
  endTerminal,
  startTerminal,
  type TerminalState,
} from './view/terminal-state.ts';
export {
  type TerminalOut,
  type TerminalView,
  terminalView,
  wantsColor,
} from './view/terminal-view.ts';
export { allVerdictChanges, type VerdictChange, verdictChanges } from './watch/verdict-changes.ts';
export {
  STAND_DOWN,
  type WatchEvent,
  type WatchOptions,
  type WatchOutcome,
  watch,
} from './watch/watch.ts';
// Withheld: the line parsers, the schedule and the report's parts; they may change with any release.
