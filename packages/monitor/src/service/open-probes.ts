import { type Sample, selectorsOf, type WatchPolicy } from '@dhash/quality-gates';
import type { HealthProbe } from '../health/health-probe.ts';
import { httpHealth } from '../health/http-health.ts';
import { replicasHealth } from '../health/replicas-health.ts';
import type { Probes } from '../sample/take-sample.ts';
import { jsonSource } from '../sources/json-source.ts';
import { prometheusSource } from '../sources/prometheus-source.ts';
import { promqlSource } from '../sources/promql-source.ts';
import { combinedSource, targetsSource } from '../sources/several-sources.ts';
import type { Source } from '../sources/source.ts';
import { sourceHasAnswered } from '../sources/source-has-answered.ts';
import { targetName } from '../sources/target-name.ts';

/** How an address is asked. */
type Asked = {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly bearerFile?: string | undefined;
  readonly timeoutMs?: number | undefined;
  readonly tls?: { readonly caFile: string } | undefined;
};

/** Where a page is: at `path` of each replica, or at an address of its own. */
type Placed = { readonly path?: string | undefined; readonly url?: string | undefined };

/** Where metrics are, as a configuration says it. */
export type MetricsSpec =
  | (Asked & Placed & { readonly type: 'prometheus' })
  | (Asked &
      Placed & {
        readonly type: 'json';
        readonly values?: Readonly<Record<string, string>> | undefined;
        readonly processStart?: string | undefined;
      })
  | (Asked & {
      readonly type: 'promql';
      readonly url: string;
      readonly queries: Readonly<Record<string, string>>;
    });

/** How health is asked for, as a configuration says it. */
export type HealthSpec = Asked & {
  readonly path: string;
  readonly expect?: Readonly<Record<string, unknown>> | undefined;
  /** JSON field that names the running version. */
  readonly versionField?: string | undefined;
  /** JSON field by which one process is told from another. */
  readonly process?: string | undefined;
};

/** A service to watch. */
export interface ServiceSpec {
  /** Its address. */
  readonly url: string;
  /** Addresses of its replicas; each is asked by itself then, and `url` is not. */
  readonly targets?: readonly string[] | undefined;
  readonly health: HealthSpec;
  /** None: the service has no metrics. */
  readonly metrics: readonly MetricsSpec[];
}

/** What a watch knows beside the service. */
export interface ProbesOptions {
  /** Its gates say what is kept of the metrics; absent: everything, for a look. */
  readonly policy?: WatchPolicy | undefined;
  /** The version that must answer, where `health.versionField` names a field. */
  readonly version?: string | undefined;
  /** Samples of a watch that is resumed. */
  readonly past?: readonly Sample[] | undefined;
}

const defaultTimeoutMs = 5000;

const join = (path: string | undefined, url: string): string =>
  path === undefined ? url : new URL(path, url).href;

/** Names by which targets are told apart: host and port; where two have the same, the whole address without credentials. */
const namesOf = (targets: readonly string[]): readonly string[] => {
  const hosts = targets.map(targetName);
  return new Set(hosts).size === hosts.length
    ? hosts
    : targets.map((target) => {
        const { host, pathname } = new URL(target);
        return `${host}${pathname}`;
      });
};

const perTarget = <T>(
  targets: readonly string[],
  open: (url: string, name: string) => T,
): Record<string, T> => {
  const names = namesOf(targets);
  return Object.fromEntries(
    targets.map((target, index) => [names[index] ?? target, open(target, names[index] ?? target)]),
  );
};

const openSource = (
  spec: MetricsSpec,
  service: ServiceSpec,
  { policy, past = [] }: ProbesOptions,
): Source => {
  const {
    headers,
    bearerFile,
    tls,
    timeoutMs = service.health.timeoutMs ?? defaultTimeoutMs,
  } = spec;
  const asked = {
    ...{ headers, bearerFile, tls, timeoutMs },
    selection: policy === undefined ? ('everything' as const) : selectorsOf(policy),
  };
  if (spec.type === 'promql') {
    const { url, queries } = spec;
    return promqlSource({ ...asked, url, queries, hasAnswered: sourceHasAnswered(past) });
  }
  const at = (url: string, target?: string): Source =>
    spec.type === 'json'
      ? jsonSource({ ...asked, url, target, values: spec.values, processStart: spec.processStart })
      : prometheusSource({ ...asked, url, target, staleMs: policy?.staleMs });
  const { targets } = service;
  // One service is one target, whatever ports it answers at.
  const only = targets === undefined ? targetName(service.url) : undefined;
  if (spec.url !== undefined) return at(join(spec.path, spec.url), only);
  if (targets === undefined) return at(join(spec.path, service.url), only);
  return targetsSource(perTarget(targets, (url, name) => at(join(spec.path, url), name)));
};

const sourceName = (spec: MetricsSpec, index: number): string =>
  `metrics ${index + 1} (${spec.type})`;

const openHealth = (
  service: ServiceSpec,
  { policy, version, past }: ProbesOptions,
): HealthProbe => {
  const { path, versionField, timeoutMs = defaultTimeoutMs, ...asked } = service.health;
  const at = (url: string, target?: string) =>
    httpHealth({
      ...asked,
      url: join(path, url),
      timeoutMs,
      target,
      ...(versionField === undefined || version === undefined
        ? {}
        : { version: { field: versionField, expected: version } }),
      control: policy?.health.control ?? undefined,
      past,
    });
  const { targets } = service;
  return targets === undefined
    ? at(service.url, targetName(service.url))
    : replicasHealth(perTarget(targets, at));
};

/**
 * What asks a service, from what a configuration says of it: health and metrics at one address or at each replica, at
 * addresses of their own, of one source or several.
 */
export const openProbes = (service: ServiceSpec, options: ProbesOptions = {}): Probes => {
  const sources = service.metrics.map((spec) => openSource(spec, service, options));
  const [only] = sources;
  return {
    health: openHealth(service, options),
    source:
      only === undefined
        ? null
        : sources.length === 1
          ? only
          : combinedSource(
              Object.fromEntries(
                service.metrics.map((spec, index) => [
                  sourceName(spec, index),
                  sources[index] ?? only,
                ]),
              ),
            ),
  };
};
