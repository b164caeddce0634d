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

/** A poll that was made. `at`: when it was due; epoch ms or RFC 3339 text. */
export type PolledSample = {
  readonly at: number | string;
  readonly health?: CheckReading | undefined;
  readonly metrics?: Readonly<Record<string, unknown>> | undefined;
};

/** Why a poll could not be made. */
export type MissedReason = 'asleep' | 'overrun' | 'not running';

/** A poll that was due and not made. */
export type MissedPoll = { readonly at: number | string; readonly missed: MissedReason };

/** A line of `samples.ndjson`. */
export type Sample = PolledSample | MissedPoll;

/** Whole ms since the epoch, or `null` where it is no time. Beyond ±8.64e15 there are no dates. */
export const readTime = (at: unknown): number | null => {
  const ms = typeof at === 'string' ? Date.parse(at) : at;
  return typeof ms === 'number' && Math.abs(ms) <= 8.64e15 ? Math.floor(ms) : null;
};

/** `true`, `false`, or `null` where the check is not known. */
export const readCheck = (sample: PolledSample): boolean | null => {
  const ok: unknown = sample.health?.ok;
  return typeof ok === 'boolean' ? ok : null;
};

const metric = (sample: PolledSample, name: string): unknown => {
  const metrics: unknown = sample.metrics;
  return typeof metrics === 'object' && metrics !== null && Object.hasOwn(metrics, name)
    ? (metrics as Record<string, unknown>)[name]
    : undefined;
};

/** Times `scale`; `null` where there is no finite reading. */
export const readGauge = (sample: PolledSample, name: string, scale: number): number | null => {
  const value = metric(sample, name);
  if (typeof value !== 'number') return null;
  const scaled = value * scale;
  return Number.isFinite(scaled) ? scaled : null;
};

/** `null` where there is no finite reading of at least 0. */
export const readCounter = (sample: PolledSample, name: string): number | null => {
  const value = metric(sample, name);
  return typeof value === 'number' && value >= 0 && value < Infinity ? value : null;
};

/** Upper bounds ascending (the last is +Infinity) and the cumulative count at each. */
export type Buckets = { readonly bounds: readonly number[]; readonly counts: readonly number[] };

const isCount = (value: unknown): value is number =>
  typeof value === 'number' && value >= 0 && value < Infinity;

type Layout = { keys: string[]; order: number[]; bounds: number[] };

const layoutOf = (keys: string[]): Layout | null => {
  const bounds = keys.map((key) => (key === '+Inf' ? Infinity : Number(key)));
  if (bounds.some((bound) => Number.isNaN(bound))) return null;
  const order = keys.map((_, index) => index).sort((a, b) => (bounds[a] ?? 0) - (bounds[b] ?? 0));
  return { keys, order, bounds: order.map((index) => bounds[index] ?? 0) };
};

/** Reads one histogram over and over: the order of its buckets is worked out once. */
export const histogramReader = (name: string): ((sample: PolledSample) => Buckets | null) => {
  let layout: Layout | null = null;
  return (sample) => {
    const value = metric(sample, name);
    if (typeof value !== 'object' || value === null || !('le' in value)) return null;
    const { le, count } = value as { le: unknown; count?: unknown };
    if (typeof le !== 'object' || le === null) return null;
    const keys = Object.keys(le);
    const known = layout;
    if (known?.keys.length !== keys.length || keys.some((key, index) => key !== known.keys[index]))
      layout = layoutOf(keys);
    if (layout === null || layout.bounds.length === 0) return null;
    const raw = le as Record<string, unknown>;
    const counts: number[] = [];
    for (const index of layout.order) {
      const bucket = raw[keys[index] ?? ''];
      if (!isCount(bucket)) return null;
      counts.push(bucket);
    }
    if (layout.bounds.at(-1) === Infinity) return { bounds: layout.bounds, counts };
    return isCount(count)
      ? { bounds: [...layout.bounds, Infinity], counts: [...counts, count] }
      : null;
  };
};
