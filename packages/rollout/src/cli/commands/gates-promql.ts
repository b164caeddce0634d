import type { WatchPolicy } from '@dhash/quality-gates';
import {
  type RangeSeries,
  type Recording,
  rangeQueries,
  recordedSeries,
} from '@dhash/quality-gates/tune';
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
 * Reads all that a policy's gates would have seen, a point a step, each series by itself; a scrape counts
 * for up to two steps.
 * @throws RolloutError `promql-failed` where Prometheus cannot be asked, or refuses.
 */
export const readPromql = async (
  policy: WatchPolicy,
  range: PromqlRange,
): Promise<PromqlRecording> => {
  const { from, to, stepMs } = range;
  const base = new URL(range.url.endsWith('/') ? range.url : `${range.url}/`);
  const points = Math.floor((to - from) / stepMs) + 1;
  const lookbackMs = 2 * stepMs;

  const read = async (query: string): Promise<RangeSeries[]> => {
    const found: RangeSeries[] = [];
    for (let first = 0; first < points; first += mostPoints) {
      const last = Math.min(points, first + mostPoints) - 1;
      const chunk = { ...range, from: from + first * stepMs, to: from + last * stepMs };
      for (const { metric, values } of await ask(base, query, chunk))
        found.push({
          labels: metric,
          points: values.map(([seconds, value]) => [seconds, Number(value)]),
        });
    }
    return found;
  };

  const more = range.selector === undefined ? '' : `,${range.selector}`;
  const up = `last_over_time({__name__=${JSON.stringify(range.health)}${more}}[${lookbackMs}ms])`;
  const health = new Map<number, number>();
  for (const series of await read(`max(${up})`))
    for (const [seconds, value] of series.points) health.set(Math.round(seconds * 1000), value);
  const missing = health.size === 0 ? [range.health] : [];
  const answers: { query: ReturnType<typeof rangeQueries>[number]; series: RangeSeries[] }[] = [];
  for (const query of rangeQueries(policy, { matchers: range.selector, lookbackMs })) {
    const series = await read(query.query);
    if (series.length === 0 && query.reads !== 'start time') missing.push(query.name);
    answers.push({ query, series });
  }
  const healthAt = (at: number): boolean | null => {
    const value = health.get(at);
    return value === undefined ? null : value > 0;
  };
  return {
    ...recordedSeries(answers, range, healthAt),
    missing,
    isEmpty:
      health.size === 0 &&
      answers.every(({ query, series }) => query.reads === 'start time' || series.length === 0),
  };
};
