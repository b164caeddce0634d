import type { WatchPolicy } from '@dhash/quality-gates';
import { type Clock, systemClock } from '../clock.ts';
import { certificateWarning, readCertificate } from '../health/certificate.ts';
import type { TakenSample } from '../sample/take-sample.ts';
import { takeArmingSamples } from '../sample/take-samples.ts';
import { openProbes, type ServiceSpec } from './open-probes.ts';

/** What a service shows before a watch: enough to say of each gate whether it can be judged. */
export type ServiceLook = {
  /** `policy.arming.polls` of them, for `lookAtGates` or `judgeArming` of `@dhash/quality-gates/config`. */
  readonly samples: readonly TakenSample[];
  /** Names of all metrics there are, for "did you mean". */
  readonly names: readonly string[];
  /** Certificates of its addresses that end in the watch, or soon. */
  readonly warnings: readonly string[];
};

const defaultTimeoutMs = 5000;

/** Certificates that end inside the watch or within a week; one that can't be read is the checks' to say. */
const certificateWarnings = async (
  service: ServiceSpec,
  watchMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<string[]> => {
  const { timeoutMs = defaultTimeoutMs, tls } = service.health;
  const asked = { timeoutMs, signal, ...(tls === undefined ? {} : { caFile: tls.caFile }) };
  const addresses = service.targets ?? [service.url];
  const all = await Promise.allSettled(addresses.map((url) => readCertificate(url, asked)));
  signal.throwIfAborted();
  return all.flatMap((one) => {
    if (one.status === 'rejected' || one.value === null) return [];
    const warning = certificateWarning(one.value, { nowMs: clock.now(), watchMs });
    return warning === null ? [] : [warning];
  });
};

/**
 * Looks at a service before it is watched; changes nothing.
 * @throws the signal's reason when aborted.
 */
export const lookAtService = async (
  service: ServiceSpec,
  {
    policy,
    version,
    clock = systemClock,
    signal = new AbortController().signal,
  }: {
    readonly policy: WatchPolicy;
    readonly version?: string | undefined;
    readonly clock?: Clock | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<ServiceLook> => {
  const probes = openProbes(service, { policy, version });
  const samples = await takeArmingSamples({ ...probes, policy, clock, signal });
  const [warnings, names] = await Promise.all([
    certificateWarnings(service, policy.durationMs, clock, signal),
    // Why there are no metrics stands in the samples.
    probes.source?.read(signal).then(
      (reading) => [...(reading.names ?? [])],
      () => [],
    ),
  ]);
  signal.throwIfAborted();
  return { samples, names: names ?? [], warnings };
};
