import { MonitorError } from '../errors.ts';
import { type HttpOptions, isSuccess, readText, statusSentence } from '../http/read-text.ts';
import { parsePrometheusText } from './parse-prometheus-text.ts';
import type { Source } from './source.ts';

/** Asks for the format that the parser reads; a server may offer OpenMetrics or protobuf too. */
const accept = 'text/plain;version=0.0.4;charset=utf-8';

/**
 * Metrics from a Prometheus text page, see {@link parsePrometheusText} for how names and labels
 * become readings.
 * @throws MonitorError from `read`: `bad-status`, `bad-metrics`, `timeout`, `unreachable`, `too-large`.
 */
export const prometheusSource = (options: HttpOptions): Source => ({
  read: async (signal) => {
    const answer = await readText({ ...options, accept, signal });
    if (!isSuccess(answer.status)) {
      throw new MonitorError('bad-status', `metrics: ${statusSentence(answer.status)}`, {
        status: answer.status,
      });
    }
    return parsePrometheusText(answer.text);
  },
});
