import { MonitorError } from '../errors.ts';
import { type HttpOptions, isSuccess, readText, statusSentence } from '../http/read-text.ts';
import type { Source } from './source.ts';

/**
 * Metrics from a page that answers one JSON object: `{"p95_hash_time": 812, …}`. Its own top-level
 * names are the metrics' names; numbers and histograms count, the rest is no reading.
 * @throws MonitorError from `read`: `bad-status`, `bad-metrics`, `timeout`, `unreachable`, `too-large`.
 */
export const jsonSource = (options: HttpOptions): Source => ({
  read: async (signal) => {
    const answer = await readText({ ...options, accept: 'application/json', signal });
    if (!isSuccess(answer.status)) {
      throw new MonitorError('bad-status', `metrics: ${statusSentence(answer.status)}`, {
        status: answer.status,
      });
    }
    let parsed: unknown;
    try {
      parsed = JSON.parse(answer.text);
    } catch (cause) {
      throw new MonitorError('bad-metrics', 'metrics: the answer is not JSON', {}, { cause });
    }
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
      const got = Array.isArray(parsed) ? 'an array' : parsed === null ? 'null' : typeof parsed;
      throw new MonitorError('bad-metrics', `metrics: expected one JSON object, got ${got}`);
    }
    return Object.fromEntries(Object.entries(parsed));
  },
});
