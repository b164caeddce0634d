import { isMonitorError, MonitorError } from '../errors.ts';
import { isRecord, shown } from '../health/expectation.ts';
import {
  expectSuccess,
  type HttpAnswer,
  isSuccess,
  jsonOf,
  readAnswer,
} from '../http/read-answer.ts';
import { gatherSeries } from './gather-series.ts';
import { parseGoFloat } from './page/go-float.ts';
import type { SourceOptions } from './prometheus-source.ts';
import { readInTime } from './read-in-time.ts';
import type { Source, SourceReading } from './source.ts';
import { targetName } from './target-name.ts';

/** What {@link promqlSource} asks for. */
export interface PromqlSourceOptions extends Omit<SourceOptions, 'target'> {
  /** Address of the Prometheus, without `/api/v1/query`. */
  readonly url: string;
  /** Name of a metric → the instant query that gives it; its result's labels are the series' labels. */
  readonly queries: Readonly<Record<string, string>>;
  /** A resumed watch: it had answered before, see {@link sourceHasAnswered}. */
  readonly hasAnswered?: boolean | undefined;
}

/** A query of this name gives the start times of the processes, by its label `instance`. */
const startTimeName = 'process_start_time_seconds';

/** No answer at all, which may be our own network; an answer that is an error is none of that. */
const isOutage = (error: unknown): boolean =>
  isMonitorError(error) &&
  (error.code === 'unreachable' ||
    error.code === 'timeout' ||
    (error.code === 'bad-status' && Number(error.data['status']) >= 500));

const bad = (query: string, why: string): MonitorError =>
  new MonitorError('bad-metrics', `promql ${query}: ${why}`, { query });

/** Of text that Prometheus answers: one line, short. */
const line = (value: unknown): string =>
  String(value)
    .replace(/\p{Cc}+/gu, ' ')
    .slice(0, 200);

type Answered = {
  readonly warnings: readonly string[];
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
};

const valueIn = (pair: unknown): number | null =>
  Array.isArray(pair) && typeof pair[1] === 'string' ? parseGoFloat(pair[1]) : null;

const labelsIn = (metric: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(isRecord(metric) ? metric : {}).filter(
      (entry): entry is [string, string] => entry[0] !== '__name__' && typeof entry[1] === 'string',
    ),
  );

const readResult = (query: string, data: unknown): Answered['series'] => {
  const { resultType, result } = isRecord(data) ? data : {};
  if (resultType === 'scalar') {
    const value = valueIn(result);
    return value === null ? [] : [{ labels: {}, value }];
  }
  if (resultType !== 'vector' || !Array.isArray(result))
    throw bad(
      query,
      `expected a vector or a scalar, got ${shown(resultType)}; take a range out of the query or put a function around it`,
    );
  return result.flatMap((element: unknown) => {
    const value = isRecord(element) ? valueIn(element['value']) : null;
    return value === null || !isRecord(element)
      ? []
      : [{ labels: labelsIn(element['metric']), value }];
  });
};

const readQuery = (query: string, answer: HttpAnswer): Answered => {
  // A query that is wrong is answered 400 or 422, with the reason in the body; a proxy's page is none.
  const body =
    isSuccess(answer.status) || answer.status === 400 || answer.status === 422
      ? jsonOf(answer)
      : null;
  if (isRecord(body) && body['status'] === 'error') throw bad(query, line(body['error']));
  expectSuccess(answer);
  if (!isRecord(body) || body['status'] !== 'success')
    throw bad(query, 'the answer is none of a Prometheus');
  const warnings = Array.isArray(body['warnings']) ? body['warnings'].map(line) : [];
  return { warnings, series: readResult(query, body['data']) };
};

/**
 * Metrics by instant queries to a Prometheus, one a name: a vector's elements are the series of that name, a scalar is
 * one without labels; with a label `le` they are the buckets of a histogram. They are as old as its last scrape.
 *
 * All or nothing: where one query has no answer, the poll has no metrics (and the control check is asked), as a gate
 * must not compare values of two moments.
 * @throws MonitorError from `read`: `bad-status`, `bad-metrics`, `bad-options`, `timeout`, `unreachable`, `too-large`.
 */
export const promqlSource = (options: PromqlSourceOptions): Source => {
  const told = new Set<string>();
  const ask = async (name: string, query: string, signal: AbortSignal): Promise<Answered> => {
    const url = new URL(options.url);
    url.pathname = `${url.pathname.replace(/\/+$/, '')}/api/v1/query`;
    url.searchParams.set('query', query);
    url.searchParams.set('timeout', `${options.timeoutMs}ms`);
    const answer = await readAnswer({
      ...options,
      url: url.href,
      accept: 'application/json',
      signal,
    });
    return readQuery(name, answer);
  };
  let hasAnswered = options.hasAnswered ?? false;
  let isOut = false;
  const askAll = async (signal: AbortSignal) => {
    try {
      const answers = await Promise.all(
        Object.entries(options.queries).map(async ([name, query]) => ({
          name,
          ...(await ask(name, query, signal)),
        })),
      );
      hasAnswered = true;
      isOut = false;
      return answers;
    } catch (error) {
      isOut = isOutage(error);
      throw error;
    }
  };
  const gather = (answers: Awaited<ReturnType<typeof askAll>>): SourceReading => {
    const gathering = gatherSeries(options.selection ?? 'everything', 'bare');
    const news: string[] = [];
    const twice = new Set<string>();
    for (const { name, series, warnings } of answers) {
      for (const { labels, value } of series)
        if (gathering.add(name, labels, { value }) === 'twice') twice.add(name);
      news.push(...warnings.map((warning) => `promql ${name}: ${warning}`));
    }
    news.push(
      ...[...twice].map(
        (name) => `promql ${name}: two series with the same labels; the first one counts`,
      ),
    );
    const { missing, doubts, unread, ...gathered } = gathering.end();
    const untold = [...news, ...doubts].filter((doubt) => !told.has(doubt));
    for (const doubt of untold) told.add(doubt);
    const empty = answers.filter(({ name, series }) => series.length === 0 && missing.has(name));
    const why = {
      ...unread,
      ...Object.fromEntries(empty.map(({ name }) => [name, 'the query gives no series'])),
    };
    const started = answers.find(({ name }) => name === startTimeName)?.series ?? [];
    const processes = Object.fromEntries(
      started
        .filter(({ value }) => Number.isFinite(value))
        .map(({ labels, value }) => [labels['instance'] ?? targetName(options.url), value]),
    );
    return {
      ...gathered,
      ...(Object.keys(processes).length === 0 ? {} : { processes }),
      ...(Object.keys(why).length === 0 ? {} : { unread: why }),
      ...(untold.length === 0 ? {} : { doubts: untold.slice(0, 5) }),
      names: new Set(Object.keys(options.queries)),
    };
  };
  return {
    isOut: () => isOut && hasAnswered,
    read: async (signal) => {
      const askedMs = performance.now();
      const answers = await askAll(signal);
      return readInTime({ timeoutMs: options.timeoutMs, askedMs }, () => gather(answers));
    },
  };
};
