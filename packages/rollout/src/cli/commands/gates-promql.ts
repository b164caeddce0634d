import type { PolledSample, WatchPolicy } from '@dhash/quality-gates';
import { metricsOf, type Recording } from '@dhash/quality-gates/tune';
import { exitCodes, messageOf, RolloutError } from '../../errors.ts';

/** What is asked of a Prometheus, and for when. Times are epoch ms, multiples of `stepMs` apart. */
export interface PromqlRange {
  /** The server's address; user and password in it are sent as Basic authorization. */
  readonly url: string;
  readonly from: number;
  readonly to: number;
  readonly stepMs: number;
  /** Label matchers of every series, without braces. */
  readonly selector: string | undefined;
  /** The series that is 1 while the service is healthy. Of several, one that is says OK. */
  readonly health: string;
  readonly signal: AbortSignal;
}

/** What a Prometheus has of a policy's metrics. */
export interface PromqlRecording extends Recording {
  /** Metrics of the policy, and the health series, of which nothing is there. */
  readonly missing: readonly string[];
  readonly isEmpty: boolean;
}

/** Prometheus answers with at most 11,000 points a series (web/api/v1/api.go, queryRange). */
const mostPoints = 10_000;
const timeoutMs = 120_000;

type Matrix = {
  status?: string;
  error?: string;
  data?: { result?: { metric: Record<string, string>; values: [number, string][] }[] };
};

const failed = (message: string, cause?: unknown): RolloutError =>
  new RolloutError('promql-failed', exitCodes.failed, message, { cause });

/** `fetch failed` says nothing; what it was caused by does. */
const reasonOf = (error: unknown): string =>
  error instanceof Error && error.cause !== undefined ? reasonOf(error.cause) : messageOf(error);

const ask = async (
  base: URL,
  query: string,
  { from, to, stepMs, signal }: Pick<PromqlRange, 'from' | 'to' | 'stepMs' | 'signal'>,
): Promise<NonNullable<NonNullable<Matrix['data']>['result']>> => {
  const url = new URL('api/v1/query_range', base);
  const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
  url.username = '';
  url.password = '';
  let answer: Matrix;
  try {
    const response = await fetch(url, {
      method: 'POST',
      body: new URLSearchParams({
        query,
        start: String(from / 1000),
        end: String(to / 1000),
        step: String(stepMs / 1000),
      }),
      headers:
        credentials === ':'
          ? {}
          : { authorization: `Basic ${Buffer.from(credentials).toString('base64')}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    const text = await response.text();
    if (!text.startsWith('{'))
      throw new Error(`HTTP ${response.status}, and no JSON: ${text.slice(0, 200)}`);
    answer = JSON.parse(text) as Matrix;
  } catch (error) {
    signal.throwIfAborted();
    throw failed(`${url.href} cannot be asked: ${reasonOf(error)}`, error);
  }
  if (answer.status !== 'success' || answer.data?.result === undefined)
    throw failed(`${url.href} refuses ${query}: ${answer.error ?? 'no reason given'}`);
  return answer.data.result;
};

/**
 * Reads all that a policy's gates would have seen, a point a step. Counters and gauges are summed over their
 * labels, as the monitor sums them; a scrape counts for up to two steps.
 * @throws RolloutError `promql-failed` where Prometheus cannot be asked, or refuses.
 */
export const readPromql = async (
  policy: WatchPolicy,
  range: PromqlRange,
): Promise<PromqlRecording> => {
  const { from, to, stepMs } = range;
  const base = new URL(range.url.endsWith('/') ? range.url : `${range.url}/`);
  const points = Math.floor((to - from) / stepMs) + 1;
  const matchers = range.selector === undefined ? '' : `,${range.selector}`;
  const newest = (name: string) =>
    `last_over_time({__name__=${JSON.stringify(name)}${matchers}}[${2 * stepMs}ms])`;

  /** Columns by the value of `label`; by '' where there is none. */
  const columns = async (query: string, label?: string): Promise<Map<string, Float64Array>> => {
    const found = new Map<string, Float64Array>();
    for (let first = 0; first < points; first += mostPoints) {
      const last = Math.min(points, first + mostPoints) - 1;
      const chunk = { ...range, from: from + first * stepMs, to: from + last * stepMs };
      for (const { metric, values } of await ask(base, query, chunk)) {
        const key = label === undefined ? '' : (metric[label] ?? '');
        const column = found.get(key) ?? new Float64Array(points).fill(Number.NaN);
        found.set(key, column);
        for (const [seconds, value] of values)
          column[Math.round((seconds * 1000 - from) / stepMs)] = Number(value);
      }
    }
    return found;
  };
  const column = async (query: string) => (await columns(query)).get('');

  const { numbers, histograms } = metricsOf(policy);
  const missing: string[] = [];
  const health = await column(`max(${newest(range.health)})`);
  if (health === undefined) missing.push(range.health);
  const numberColumns = new Map<string, Float64Array>();
  for (const name of numbers) {
    const found = await column(`sum(${newest(name)})`);
    if (found === undefined) missing.push(name);
    else numberColumns.set(name, found);
  }
  const histogramColumns = new Map<string, Map<string, Float64Array>>();
  for (const name of histograms) {
    const found = await columns(`sum by (le) (${newest(`${name}_bucket`)})`, 'le');
    if (found.size === 0) missing.push(name);
    else histogramColumns.set(name, found);
  }
  const all = [
    ...(health === undefined ? [] : [health]),
    ...numberColumns.values(),
    ...[...histogramColumns.values()].flatMap((buckets) => [...buckets.values()]),
  ];

  const sampleAt = (at: number): PolledSample | null => {
    const index = (at - from) / stepMs;
    if (!all.some((each) => !Number.isNaN(each[index] ?? Number.NaN))) return null;
    const metrics: Record<string, unknown> = {};
    for (const [name, values] of numberColumns) metrics[name] = values[index];
    for (const [name, buckets] of histogramColumns) {
      const le = Object.fromEntries([...buckets].map(([bound, values]) => [bound, values[index]]));
      metrics[name] = { le, count: le['+Inf'], sum: 0 };
    }
    const up = health?.[index] ?? Number.NaN;
    return { at, health: { ok: Number.isNaN(up) ? null : up > 0 }, metrics };
  };
  return { sampleAt, missing, isEmpty: all.length === 0 };
};
