import { certificateWarning, isMonitorError, readCertificate, takeSample } from '@dhash/monitor';
import type { PolledSample, WatchPolicy } from '@dhash/quality-gates';
import { type GateLook, lookAtGates } from '@dhash/quality-gates/config';
import type { CommandContext } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';

/** What a look at the gates found before anything is touched. */
export interface GatesLook {
  /** One a gate; of a service that does not answer only those that can be judged all the same. */
  readonly gates: readonly GateLook[];
  /** What is to be known of the certificate before the watch; `null`: nothing. */
  readonly certificate: string | null;
}

/** Names of all metrics that there are now, for "did you mean"; none where nothing answers. */
const namesNow = async (
  { signal }: CommandContext,
  environment: Environment,
  version: string | null,
): Promise<readonly string[]> => {
  try {
    const { source } = environment.probes({ version });
    const reading = await source?.read(signal);
    return [...(reading?.names ?? [])];
  } catch (error) {
    // Why it does not answer is in the samples.
    if (signal.aborted) throw error;
    return [];
  }
};

/** What is to be said of the service's certificate; `null` also where none can be read: health tells that. */
const certificateOf = async (
  { signal, clock }: CommandContext,
  { config }: Environment,
  policy: WatchPolicy,
): Promise<string | null> => {
  for (const url of config.targets ?? [config.url])
    try {
      const certificate = await readCertificate(url, {
        timeoutMs: config.health.timeoutMs,
        signal,
        ...(config.health.tls === null ? {} : { caFile: config.health.tls.caFile }),
      });
      const warning =
        certificate === null
          ? null
          : certificateWarning(certificate, { nowMs: clock.now(), watchMs: policy.durationMs });
      if (warning !== null) return warning;
    } catch (error) {
      if (!isMonitorError(error)) throw error;
    }
  return null;
};

/** Whether anything answered at all: a service that is down shows nothing of its gates, and may be what is mended. */
const answered = ({ health, metrics }: PolledSample): boolean =>
  metrics !== undefined || health?.ok === true || typeof health?.status === 'number';

/** The same look on samples that were taken already: those of the running release. */
export const lookOnSamples = async (
  context: CommandContext,
  environment: Environment,
  {
    policy,
    samples,
    version,
    expect,
  }: {
    readonly policy: WatchPolicy;
    readonly samples: readonly PolledSample[];
    readonly version: string | null;
    readonly expect: readonly string[];
  },
): Promise<GatesLook> => ({
  gates: lookAtGates(policy, samples, {
    names: await namesNow(context, environment, version),
    expect,
  }).filter(({ state }) => state !== 'blind' || samples.some(answered)),
  certificate: await certificateOf(context, environment, policy),
});

/** A look at the running service: one sample, and what each gate makes of it. */
export const lookNow = async (
  context: CommandContext,
  environment: Environment,
  policy: WatchPolicy,
): Promise<GatesLook> => {
  const version = await environment
    .target({ runId: 'look', version: null, previous: null })
    .current();
  const sample = await takeSample({
    at: context.clock.now(),
    ...environment.probes({ version, policy }),
    signal: context.signal,
  });
  return lookOnSamples(context, environment, { policy, samples: [sample], version, expect: [] });
};

const marks: Readonly<Record<GateLook['state'], string>> = {
  ready: 'ready',
  beyond: 'BEYOND',
  blind: 'BLIND',
  expected: 'expected',
};

/** A line a gate, for people: what it reads now, or why it can't be judged. Pure. */
export const lookLines = ({ gates, certificate }: GatesLook): string[] => [
  ...gates.map(({ state, sentence }) => `  ${marks[state].padEnd(8)} ${sentence}`),
  ...(certificate === null ? [] : [`  warning  ${certificate}`]),
];
