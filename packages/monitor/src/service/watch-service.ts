import { readFile } from 'node:fs/promises';
import type { Sample, WatchPolicy } from '@dhash/quality-gates';
import { type Clock, systemClock } from '../clock.ts';
import { MonitorError } from '../errors.ts';
import { openSampleLog, type SampleLog } from '../sample/sample-log.ts';
import { watch } from '../watch/watch.ts';
import type { WatchEvent, WatchOutcome } from '../watch/watch-event.ts';
import { type HealthSpec, type MetricsSpec, openProbes, type ServiceSpec } from './open-probes.ts';

/** What {@link watchService} is told. */
export interface WatchServiceOptions {
  /** Address of the service. */
  readonly url: string;
  /** A file of gates, or a policy made of one (`gatesFor`, `defineGates`). */
  readonly gates: string | WatchPolicy;
  /** Which environment of the file; needed where it has several. */
  readonly environment?: string | undefined;
  /** Addresses of its replicas, each of which is asked by itself. */
  readonly targets?: readonly string[] | undefined;
  /** Default: any 2xx at `/health` within 5 s. */
  readonly health?: HealthSpec | undefined;
  /** Default: Prometheus' text at `/metrics`; `[]` for none. */
  readonly metrics?: readonly MetricsSpec[] | undefined;
  /** The version that must answer, where `health.versionField` names a field. */
  readonly version?: string | undefined;
  /** A file for the samples; a watch that finds one there goes on in it. Default: none is kept. */
  readonly log?: string | undefined;
  readonly onEvent?: ((event: WatchEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Default: the machine's. */
  readonly clock?: Clock | undefined;
}

const nowhere: SampleLog = {
  append: async () => undefined,
  head: () => ({ lines: 0, sha256: '' }),
  close: async () => undefined,
};

/** The service as its options describe it. */
export const serviceOf = ({ url, targets, health, metrics }: WatchServiceOptions): ServiceSpec => ({
  url,
  targets,
  health: health ?? { path: '/health' },
  metrics: metrics ?? [{ type: 'prometheus', path: '/metrics' }],
});

/**
 * The gates by which a service is watched.
 * @throws GatesConfigError, MonitorError `bad-options` where the environment is not said, the file system's error.
 */
export const policyOf = async ({
  gates,
  environment,
}: WatchServiceOptions): Promise<WatchPolicy> => {
  if (typeof gates !== 'string') return gates;
  // The reader of gates is large, and a policy that is made already needs none.
  const { gatesFor, parseGates } = await import('@dhash/quality-gates/config');
  const file = parseGates(await readFile(gates, 'utf8'), { file: gates });
  const names = [...file.policies.keys()];
  const [only] = names;
  if (environment !== undefined || only === undefined) return gatesFor(file, environment ?? '');
  if (names.length === 1) return gatesFor(file, only);
  throw new MonitorError(
    'bad-options',
    `${gates} has several environments (${names.join(', ')}): say which one`,
  );
};

const startOf = (past: readonly Sample[], nowMs: number): number => {
  const at = past[0]?.at ?? nowMs;
  return typeof at === 'number' ? at : Date.parse(at);
};

/**
 * Watches a service until its gates decide, and says what they decided. It undoes nothing: the caller acts.
 *
 * ```ts
 * const { decision } = await watchService({ url: 'https://shop.example', gates: 'gates.json' });
 * ```
 * @throws GatesConfigError, the file system's error, MonitorError of the log.
 */
export const watchService = async (options: WatchServiceOptions): Promise<WatchOutcome> => {
  const { version, clock = systemClock } = options;
  const policy = await policyOf(options);
  const { log, past } =
    options.log === undefined
      ? { log: nowhere, past: [] }
      : await openSampleLog(options.log, { head: null, nowMs: clock.now() });
  try {
    const running = watch({
      policy,
      ...openProbes(serviceOf(options), { policy, version, past }),
      startedAt: startOf(past, clock.now()),
      clock,
      log,
      past,
      signal: options.signal ?? new AbortController().signal,
    });
    for (;;) {
      const next = await running.next();
      if (next.done) return next.value;
      options.onEvent?.(next.value);
    }
  } finally {
    await log.close();
  }
};
