import { STALE_MS } from '@dhash/quality-gates';
import { systemClock } from '../clock.ts';
import { expectSuccess, type HttpOptions, readAnswer } from '../http/read-answer.ts';
import { type PageOptions, readPage } from './page/read-page.ts';
import { readInTime } from './read-in-time.ts';
import type { Selection, Source } from './source.ts';
import { targetName } from './target-name.ts';

/** As Prometheus 2.42 sends it: a service answers this as it answers that. */
const accept =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1';

/** Doubts are told once; a page whose lines move has a new one at each poll. */
const mostTold = 1000;

/** What a source of metrics is given beside its address. */
export interface SourceOptions extends HttpOptions {
  /** What is kept: `selectorsOf(policy)`. Default: everything (the first 10,000 series), for a look. */
  readonly selection?: Selection | undefined;
  /** How the target is called in `processes`. Default: host and port of its address. */
  readonly target?: string | undefined;
}

/**
 * Metrics from a page of Prometheus' text or of OpenMetrics, taken as Prometheus takes it: what it refuses is
 * refused, an odd line costs itself alone and is told once.
 * @throws MonitorError from `read`: `bad-status`, `bad-metrics`, `bad-options`, `timeout`, `unreachable`, `too-large`.
 */
export const prometheusSource = (
  options: SourceOptions & {
    /** A value whose own timestamp is older than this, or so far ahead (at most 10 minutes), is no reading, ms. Default: 5 minutes. */
    readonly staleMs?: number | undefined;
    /** What timestamps are compared with, ms since the epoch. Default: the wall clock as it is now, and on from there, whoever sets it. */
    readonly now?: (() => number) | undefined;
  },
): Source => {
  const told = new Set<string>();
  const startedMs = Date.now() - systemClock.monotonicMs();
  const now = options.now ?? (() => startedMs + systemClock.monotonicMs());
  return {
    read: async (signal) => {
      const timeout = String(options.timeoutMs / 1000);
      const headers = { 'x-prometheus-scrape-timeout-seconds': timeout, ...options.headers };
      const askedMs = performance.now();
      const answer = await readAnswer({ ...options, headers, accept, signal });
      expectSuccess(answer);
      const page: PageOptions = {
        selection: options.selection ?? 'everything',
        contentType: answer.contentType,
        nowMs: now(),
        staleMs: options.staleMs ?? STALE_MS,
      };
      const time = { timeoutMs: options.timeoutMs, askedMs };
      const { startTime, doubts, ...reading } = readInTime(time, () => readPage(answer.body, page));
      const news = told.size < mostTold ? doubts.filter((doubt) => !told.has(doubt)) : [];
      for (const doubt of news) told.add(doubt);
      return {
        ...reading,
        ...(startTime === null
          ? {}
          : { processes: { [options.target ?? targetName(options.url)]: startTime } }),
        ...(news.length === 0 ? {} : { doubts: news }),
      };
    },
  };
};
