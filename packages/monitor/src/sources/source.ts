import type { SelectedMetric } from '@dhash/quality-gates';

/** What a source keeps of what it finds: the series that gates select, or everything there is. */
export type Selection = readonly SelectedMetric[] | 'everything';

/** What a source read at one poll; see `PolledSample` of `@dhash/quality-gates` for keys and shapes. */
export type SourceReading = {
  /** By name or whole series: numbers, histograms, and `null` for what is there and is no reading. */
  readonly metrics: Readonly<Record<string, unknown>>;
  /** Start time of the process that answered, s since the epoch, by target; those that are not known are left out. */
  readonly processes?: Readonly<Record<string, number>>;
  /** Names that gates select, of which there is no series although the page knows them. */
  readonly known?: readonly string[];
  /** Why there is no reading of a metric that a gate selects, by its name or key. */
  readonly unread?: Readonly<Record<string, string>>;
  /** Of several targets or sources: those that gave nothing, and why. */
  readonly failed?: readonly string[];
  /** What was odd and cost at most a line, for people: `line 8: …`. */
  readonly doubts?: readonly string[];
  /** Names of all metrics there are (the first 20,000), for who looks for one that is not there. */
  readonly names?: ReadonlySet<string>;
};

/** Where the metrics of a poll come from. */
export interface Source {
  /**
   * The metrics as they are now.
   * @throws MonitorError where there is no answer; the poll then has no metrics, and no gate can pass or break on them.
   */
  read(signal: AbortSignal): Promise<SourceReading>;
  /**
   * Whether the newest `read` had no answer although an earlier one had. Only a source that is no part of the service
   * says so: a health check that fails beside it is not known, as with a control check that fails.
   */
  isOut?(): boolean;
}
