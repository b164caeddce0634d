import { type HealthProbe, openProbes, type Probes, type Source } from '@dhash/monitor';
import type { Sample, WatchPolicy } from '@dhash/quality-gates';
import type { EnvironmentConfig } from '../config/types.ts';
import { messageOf } from '../errors.ts';
import { visibleLine } from '../words/visible.ts';

/** What a look at the service is about. */
export interface ProbesFor {
  /** What must answer, where rollout.yaml names a field of the version; `null`: whatever runs. */
  readonly version: string | null;
  /** Its gates say which series are kept; left out: everything, for a look. */
  readonly policy?: WatchPolicy;
  /** Samples of a watch that goes on. */
  readonly past?: readonly Sample[];
}

/**
 * What a service says is text: its version and reasons end in records, mails and on terminals, where a control
 * character or a line break would speak for us.
 */
export const plainHealth = (probe: HealthProbe): HealthProbe => ({
  check: async (signal) => {
    const { reason, ...reading } = await probe.check(signal);
    return reason === undefined ? reading : { ...reading, reason: visibleLine(reason) };
  },
});

/** The same for what it says of its metrics: why a page did not read quotes it. */
export const plainSource = (source: Source): Source => ({
  ...source,
  read: async (signal) => {
    try {
      return await source.read(signal);
    } catch (error) {
      if (signal.aborted) throw error;
      throw new Error(visibleLine(messageOf(error)), { cause: error });
    }
  },
});

/** What asks a service, as its environment says where health and metrics are. */
export const probesOf = (
  { url, targets, health, metrics }: EnvironmentConfig,
  { version, policy, past }: ProbesFor,
): Probes => {
  const probes = openProbes(
    {
      url,
      ...(targets === null ? {} : { targets }),
      health: {
        path: health.path,
        timeoutMs: health.timeoutMs,
        expect: health.expect,
        ...(health.version === null ? {} : { versionField: health.version }),
        ...(health.process === null ? {} : { process: health.process }),
        ...(health.tls === null ? {} : { tls: health.tls }),
      },
      metrics,
    },
    {
      ...(version === null ? {} : { version }),
      ...(policy === undefined ? {} : { policy }),
      ...(past === undefined ? {} : { past }),
    },
  );
  return {
    health: plainHealth(probes.health),
    source: probes.source === null ? null : plainSource(probes.source),
  };
};
