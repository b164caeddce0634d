import { bounded } from './windows/bounded.ts';

/** One health check. `null`: the monitor could not tell. */
export type CheckReading = {
  readonly ok: boolean | null;
  readonly status?: number | undefined;
  readonly ms?: number | undefined;
  readonly reason?: string | undefined;
};

/** Cumulative buckets, as Prometheus has them. Keys of `le` are upper bounds; `+Inf` may be left out. */
export type HistogramReading = {
  readonly le: Readonly<Record<string, number>>;
  readonly count: number;
  readonly sum: number;
};

/** A poll that was made, as a line of `samples.ndjson` has it (format 2; of format 1 all but `at`, `health`, `metrics` is absent). */
export type PolledSample = {
  /** When it was due; epoch ms or RFC 3339 text. */
  readonly at: number | string;
  /** Of the service; of several targets: OK where all known ones are. */
  readonly health?: CheckReading | undefined;
  /** Health of each target (replica), where several are watched. `consecutive` and `share` judge each by itself. */
  readonly replicas?: Readonly<Record<string, CheckReading>> | undefined;
  /**
   * Numbers and {@link HistogramReading}s; anything else is no reading. A key is a bare name or a whole
   * series, labels sorted, as `seriesKey` makes it: `http_requests_total{code="500",route="/hash"}`.
   * Histograms are keyed the same way, without `le`. Of several targets each series has the label
   * `instance="<target>"`; one of that name on the page itself is `exported_instance` then.
   * In format 1 a bare name is the sum of what the page showed under it.
   */
  readonly metrics?: Readonly<Record<string, unknown>> | undefined;
  /**
   * Start time of the process that answered, s since the epoch, by target; a target whose start time is
   * not known has none. With exactly one entry every series belongs to it; else each series belongs
   * to the target in its label `instance`. Absent: `process_start_time_seconds` among the metrics is used.
   */
  readonly processes?: Readonly<Record<string, number>> | undefined;
  /**
   * Names of metrics that a gate selects and the page declares (HELP, TYPE or another series of them),
   * while none of its series is selected: a counter of that name is 0 then.
   */
  readonly known?: readonly string[] | undefined;
  /**
   * Why there is no reading of a metric that a gate selects: its name or key → the reason, for people.
   * So a value whose own timestamp is over `stale`, more than `MOST_SERIES` series, a line that is none.
   */
  readonly unread?: Readonly<Record<string, string>> | undefined;
  /** Why there are no metrics at all. */
  readonly metricsError?: string | undefined;
  /** By how many ms the wall clock was set (over 2 s) since the poll before; changes no judgement. */
  readonly clockStep?: number | undefined;
};

/** Why a poll could not be made. */
export type MissedReason = 'asleep' | 'overrun' | 'not running';

/** A poll that was due and not made. */
export type MissedPoll = { readonly at: number | string; readonly missed: MissedReason };

/** A line of `samples.ndjson`. */
export type Sample = PolledSample | MissedPoll;

/** RFC 3339. `Date.parse` alone takes much more, some of it in the time zone of the machine. */
const timeText = /^\d{4}(-\d\d){2}T\d\d(:\d\d){2}(\.\d+)?(Z|[+-]\d\d:\d\d)$/i;

/** Whole ms since the epoch, or `null` where it is no time. Beyond ±8.64e15 there are no dates. */
export const readTime = (at: unknown): number | null => {
  const ms = typeof at === 'string' && timeText.test(at) ? Date.parse(at) : at;
  return typeof ms === 'number' && Math.abs(ms) <= 8.64e15 ? Math.floor(ms) : null;
};

export const isMissed = (sample: Sample): sample is MissedPoll => 'missed' in sample;

/** A poll and its time, epoch ms. */
export type Timed = { readonly at: number; readonly sample: PolledSample };

/** Polls with a time, oldest first; what is out of order is left out. */
export const readTimed = (samples: readonly Sample[]): Timed[] => {
  const timed: Timed[] = [];
  for (const sample of samples) {
    const at = readTime(sample?.at);
    if (at === null || isMissed(sample) || at <= (timed.at(-1)?.at ?? -Infinity)) continue;
    timed.push({ at, sample });
  }
  return timed;
};

/** `true`, `false`, or `null` where the check is not known. */
export const readCheck = (check: CheckReading | undefined): boolean | null => {
  const ok: unknown = check?.ok;
  return typeof ok === 'boolean' ? ok : null;
};

/** The checks of each replica; `null` where the sample has only one for all. */
export const readReplicas = ({
  replicas,
}: PolledSample): readonly (readonly [string, CheckReading])[] | null => {
  if (typeof replicas !== 'object' || replicas === null) return null;
  const checks = Object.entries(replicas);
  return checks.length === 0 ? null : checks;
};

/** A gauge times `scale`; `null` where there is no finite number. */
export const readNumber = (value: unknown, scale: number): number | null => {
  if (typeof value !== 'number') return null;
  const scaled = value * scale;
  return Number.isFinite(scaled) ? scaled : null;
};

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Infinity;

/** A counter; `null` where there is no finite number of at least 0. */
export const readCount = (value: unknown): number | null =>
  isCount(value) ? bounded(value) : null;

/** Upper bounds ascending (the last is +Infinity) and the cumulative count at each. */
export type Buckets = { readonly bounds: readonly number[]; readonly counts: readonly number[] };

/** Keys as they come, the place of each by its bound, and the bounds ascending. */
type Layout = {
  readonly keys: readonly string[];
  readonly places: readonly number[];
  readonly bounds: readonly number[];
};

const boundOf = (key: string): number => (key === '+Inf' ? Infinity : Number(key));

const layoutOf = (keys: readonly string[]): Layout | null => {
  if (keys.length === 0 || keys.some((key) => !(boundOf(key) > -Infinity))) return null;
  const sorted = [...keys].sort((a, b) => boundOf(a) - boundOf(b));
  return { keys, places: keys.map((key) => sorted.indexOf(key)), bounds: sorted.map(boundOf) };
};

/**
 * Reads one histogram over and over: the order of its buckets is worked out once. The counts of a reading
 * are good until the next one.
 */
export const histogramReader = (): ((value: unknown) => Buckets | null) => {
  let layout: Layout | null = null;
  let withInf: readonly number[] = [];
  const counts: number[] = [];

  /** Fills `counts` in one pass; `false` where the keys are not those of the layout, or one is no count. */
  const fill = (le: Record<string, unknown>, { keys, places }: Layout): boolean => {
    const found = Object.keys(le);
    if (found.length !== keys.length) return false;
    for (let index = 0; index < keys.length; index++) {
      const key = keys[index] ?? '';
      const bucket = le[key];
      if (key !== found[index] || !isCount(bucket)) return false;
      counts[places[index] ?? 0] = bounded(bucket);
    }
    return true;
  };
  return (value) => {
    if (typeof value !== 'object' || value === null || !('le' in value)) return null;
    const { le, count } = value as { le: unknown; count?: unknown };
    if (typeof le !== 'object' || le === null) return null;
    const raw = le as Record<string, unknown>;
    if (layout === null || !fill(raw, layout)) {
      layout = layoutOf(Object.keys(raw));
      if (layout === null) return null;
      withInf = layout.bounds.at(-1) === Infinity ? layout.bounds : [...layout.bounds, Infinity];
      counts.length = withInf.length;
      if (!fill(raw, layout)) return null;
    }
    if (withInf.length === layout.bounds.length) return { bounds: withInf, counts };
    if (!isCount(count)) return null;
    counts[withInf.length - 1] = bounded(count);
    return { bounds: withInf, counts };
  };
};
