import type { PolledSample } from '@dhash/quality-gates';
import type { HealthProbe, HealthReading } from '../health/http-health.ts';
import type { Source } from '../sources/source.ts';
import { keepReadings } from './readings.ts';

/** A polled sample as it is logged. */
export type TakenSample = PolledSample & {
  readonly at: number;
  readonly health: HealthReading;
  /** Why there are no metrics in this sample. No gate reads it; people do. */
  readonly metricsError?: string;
};

/** What asks the service. */
export interface Probes {
  readonly health: HealthProbe;
  /** `null`: the service has no metrics. */
  readonly source: Source | null;
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error);

/**
 * Asks the service once, health and metrics side by side. `at` is when the poll was due, ms since
 * the epoch. A source that throws gives a sample without metrics; a probe that throws, a non-OK check.
 * @throws the signal's reason when aborted; then there is no sample.
 */
export const takeSample = async (
  options: Probes & { readonly at: number; readonly signal: AbortSignal },
): Promise<TakenSample> => {
  const { at, source, health, signal } = options;
  const [checked, read] = await Promise.allSettled([health.check(signal), source?.read(signal)]);
  signal.throwIfAborted();
  return {
    at,
    health:
      checked.status === 'fulfilled'
        ? checked.value
        : { ok: false, reason: messageOf(checked.reason) },
    ...(read.status === 'rejected'
      ? { metricsError: messageOf(read.reason) }
      : read.value === undefined
        ? {}
        : { metrics: keepReadings(read.value) }),
  };
};
