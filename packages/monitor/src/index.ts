export type {
  BacktestIncident,
  BacktestInput,
  BacktestRule,
  BacktestSeries,
  PastWatchRow,
} from './backtest/backtest-data.ts';
export { renderBacktest } from './backtest/render-backtest.ts';
export { main } from './cli/main.ts';
export { type Clock, systemClock } from './clock.ts';
export { isMonitorError, MonitorError, type MonitorErrorCode } from './errors.ts';
export { bodyPattern } from './health/body-pattern.ts';
export {
  type Certificate,
  certificateDaysLeft,
  certificateWarning,
  readCertificate,
} from './health/certificate.ts';
export type { HealthProbe, HealthReading } from './health/health-probe.ts';
export { controlHasSucceeded, type HttpHealthOptions, httpHealth } from './health/http-health.ts';
export { replicasHealth } from './health/replicas-health.ts';
export { loadProbes } from './http/load-ky.ts';
export type { HttpOptions } from './http/read-answer.ts';
export type { DroppingOutput } from './output/dropping-output.ts';
export { openDroppingOutput } from './output/open-dropping-output.ts';
export { type Page, renderPage } from './report/page.ts';
export { renderReport } from './report/render-report.ts';
export type { ReportInput, WatchMark } from './report/report-data.ts';
export { reportStyle } from './report/report-style.ts';
export { tile } from './report/sections.ts';
export { type Cell, table } from './report/table.ts';
export { type WatchPart, watchPart } from './report/watch-part.ts';
export { type ReportFailed, writeForPeople } from './report/write-for-people.ts';
export type { ExpectedLog } from './sample/expected-log.ts';
export type { SampleLogFormat } from './sample/sample-line.ts';
export {
  type LogHead,
  openSampleLog,
  type ReadSamples,
  readSampleLog,
  type SampleLog,
  sampleLogSha256,
} from './sample/sample-log.ts';
export { type Probes, type TakenSample, takeSample } from './sample/take-sample.ts';
export { type SamplingOptions, takeArmingSamples, takeBaseline } from './sample/take-samples.ts';
export { lookAtService, type ServiceLook } from './service/look-at-service.ts';
export {
  type HealthSpec,
  type MetricsSpec,
  openProbes,
  type ProbesOptions,
  type ServiceSpec,
} from './service/open-probes.ts';
export { type WatchServiceOptions, watchService } from './service/watch-service.ts';
export { type JsonSourceOptions, jsonSource } from './sources/json-source.ts';
export { type PageOptions, type PageReading, readPage } from './sources/page/read-page.ts';
export { prometheusSource, type SourceOptions } from './sources/prometheus-source.ts';
export { type PromqlSourceOptions, promqlSource } from './sources/promql-source.ts';
export { combinedSource, targetsSource } from './sources/several-sources.ts';
export type { Selection, Source, SourceReading } from './sources/source.ts';
export { sourceHasAnswered } from './sources/source-has-answered.ts';
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
export { type WatchOptions, watch } from './watch/watch.ts';
export {
  type Decided,
  type PollEvent,
  STAND_DOWN,
  type WatchEvent,
  type WatchNotice,
  type WatchOutcome,
} from './watch/watch-event.ts';
// Withheld: the line parsers, the schedule and the other parts of a page; they may change with any release.
