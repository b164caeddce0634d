import { MonitorError } from '../errors.ts';
import { isRecord, valueAt } from '../health/expectation.ts';
import { startTimeOf } from '../health/start-time.ts';
import { expectSuccess, jsonOf, readAnswer } from '../http/read-answer.ts';
import type { SourceOptions } from './prometheus-source.ts';
import type { Source } from './source.ts';
import { targetName } from './target-name.ts';

/** A page of numbers is some 100 KB; JSON that is nested without end takes seconds to read. */
const most = { bytes: 4 * 1024 * 1024, beyond: 'refuse' } as const;

/** What {@link jsonSource} asks for. */
export interface JsonSourceOptions extends SourceOptions {
  /**
   * Names of metrics → where each is: field names with dots between them, numbers for places in a list
   * (`queue.length`, `workers.0.busy`). Names that are not here are looked for at the top.
   */
  readonly values?: Readonly<Record<string, string>> | undefined;
  /** The field that holds when the process started: s or ms since the epoch, or RFC 3339 text. */
  readonly processStart?: string | undefined;
}

/**
 * Metrics from a page that answers one JSON object: `{"p95_hash_time": 812, …}`. Its own top-level
 * names are the metrics' names, and `values` gives further ones; numbers and histograms count, the rest is no reading.
 * @throws MonitorError from `read`: `bad-status`, `bad-metrics`, `bad-options`, `timeout`, `unreachable`, `too-large`.
 */
export const jsonSource = (options: JsonSourceOptions): Source => ({
  read: async (signal) => {
    const answer = await readAnswer({ ...options, accept: 'application/json', signal, most });
    expectSuccess(answer);
    const page = jsonOf(answer);
    if (!isRecord(page)) {
      const got = Array.isArray(page) ? 'an array' : page === null ? 'null' : typeof page;
      if (options.values === undefined)
        throw new MonitorError('bad-metrics', `metrics: expected one JSON object, got ${got}`);
    }
    const named = Object.entries(options.values ?? {}).map(([name, path]): [string, unknown] => [
      name,
      valueAt(page, path),
    ]);
    const all: Record<string, unknown> = Object.fromEntries([
      ...(isRecord(page) ? Object.entries(page) : []),
      ...named.filter(([, value]) => value !== undefined),
    ]);
    const { selection = 'everything' } = options;
    const wanted =
      selection === 'everything' ? null : new Set(selection.map(({ selector }) => selector.name));
    const unread = named
      .filter(([name, value]) => value === undefined && wanted?.has(name) !== false)
      .map(([name]) => [name, `the answer has nothing at ${options.values?.[name]}`]);
    const startTime =
      options.processStart === undefined ? null : startTimeOf(valueAt(page, options.processStart));
    return {
      metrics: Object.fromEntries(
        Object.entries(all).filter(([name]) => wanted === null || wanted.has(name)),
      ),
      ...(unread.length === 0 ? {} : { unread: Object.fromEntries(unread) }),
      ...(startTime === null
        ? {}
        : { processes: { [options.target ?? targetName(options.url)]: startTime } }),
      names: new Set(Object.keys(all)),
    };
  },
});
