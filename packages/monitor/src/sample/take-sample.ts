import { messageOf } from '@dhash/basics/message-of';
import type { CheckReading, PolledSample } from '@dhash/quality-gates';
import type { HealthProbe, HealthReading } from '../health/health-probe.ts';
import type { Source, SourceReading } from '../sources/source.ts';
import { keepReadings } from './readings.ts';

/** A polled sample as it is logged. */
export type TakenSample = PolledSample & {
  readonly at: number;
  readonly health: HealthReading;
  /** What was odd about the metrics and cost at most a line; each is told once. No gate reads it; people do. */
  readonly doubts?: readonly string[];
};

/** What asks the service. */
export interface Probes {
  readonly health: HealthProbe;
  /** `null`: the service has no metrics. */
  readonly source: Source | null;
}

const metricsOf = ({ metrics, processes, known, unread, doubts, failed }: SourceReading) => ({
  metrics: keepReadings(metrics),
  ...(processes === undefined ? {} : { processes }),
  ...(known === undefined ? {} : { known }),
  ...(unread === undefined ? {} : { unread }),
  ...(doubts === undefined ? {} : { doubts }),
  ...(failed === undefined ? {} : { metricsError: failed.join('; ') }),
});

/** A check that failed while a source outside the service failed too. */
const unknown = <T extends CheckReading>(check: T): T =>
  check.ok === false
    ? {
        ...check,
        ok: null,
        reason: `not known, the source of the metrics, which is outside the service, failed too (${check.reason})`,
      }
    : check;

/**
 * Asks the service once, health and metrics side by side. `at` is when the poll was due, ms since
 * the epoch. A source that throws gives a sample without metrics; a probe that throws, a non-OK check.
 * A check that fails while a source outside the service fails too is not known.
 * @throws the signal's reason when aborted; then there is no sample.
 */
export const takeSample = async (
  options: Probes & { readonly at: number; readonly signal: AbortSignal },
): Promise<TakenSample> => {
  const { at, source, health, signal } = options;
  const [checked, read] = await Promise.allSettled([health.check(signal), source?.read(signal)]);
  signal.throwIfAborted();
  const { replicas, ...check }: HealthReading =
    checked.status === 'fulfilled'
      ? checked.value
      : { ok: false, reason: messageOf(checked.reason) };
  const isUnknown = check.ok === false && source?.isOut?.() === true;
  const processes = {
    ...(read.status === 'fulfilled' ? read.value?.processes : undefined),
    ...check.processes,
  };
  const { processes: _, ...plain } = check;
  return {
    at,
    health: isUnknown ? unknown(plain) : plain,
    ...(replicas === undefined
      ? {}
      : {
          replicas: isUnknown
            ? Object.fromEntries(
                Object.entries(replicas).map(([target, one]) => [target, unknown(one)]),
              )
            : replicas,
        }),
    ...(read.status === 'rejected'
      ? { metricsError: messageOf(read.reason) }
      : read.value === undefined
        ? {}
        : metricsOf(read.value)),
    ...(Object.keys(processes).length === 0 ? {} : { processes }),
  };
};
