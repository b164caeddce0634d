import { parseArgs } from 'node:util';
import type { MetricsSpec } from '../service/open-probes.ts';
import type { WatchServiceOptions } from '../service/watch-service.ts';

/** How events are told: for people, or one JSON event a line. */
export type Format = 'lines' | 'json';

/** What the command line asks for, or what is wrong with it. */
export type Asked =
  | {
      readonly kind: 'watch' | 'look';
      readonly options: Omit<WatchServiceOptions, 'onEvent' | 'signal' | 'clock'>;
      readonly format: Format;
    }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: string };

export const usage = `dhash-monitor --url URL --gates FILE [options]

Watches a service against quality gates, and exits with their decision. It deploys nothing and undoes nothing.

  --url URL              address of the service
  --gates FILE           the gates (JSON or YAML)
  --env NAME             which environment of the file; needed where it has several
  --target URL           a replica, asked by itself; once for each
  --health PATH          default: /health
  --expect TEXT          what its answer must be: /regex/, or JSON with the fields that it must hold
  --version-field FIELD  JSON field that names the running version
  --release VERSION      the version that must answer
  --process FIELD        JSON field that tells one process from another (its start, or any name)
  --metrics PATH|URL     a page of metrics, of the service or at an address of its own; default: /metrics; "none": there are none
  --promql NAME=QUERY    a metric by an instant query; once for each, with --prometheus
  --prometheus URL       address of the Prometheus that answers them
  --header "NAME: TEXT"  sent to the metrics; a secret is better in a file
  --bearer-file FILE     a token for the metrics
  --ca FILE              authorities (PEM) of the metrics' address
  --timeout SECONDS      of each request; default: 5
  --log FILE             keeps each sample there, and goes on from there
  --dry-run              looks at each gate on what the service shows now, and watches nothing
  --json                 one JSON event a line

exit 0: the gates held to the end; --dry-run: each can be judged · 3: not enough data to say; a gate that can't be judged · 5: a gate broke · 2: wrong usage · 130, 143: interrupted
`;

const flags = {
  url: { type: 'string' },
  gates: { type: 'string' },
  env: { type: 'string' },
  target: { type: 'string', multiple: true },
  health: { type: 'string' },
  expect: { type: 'string' },
  'version-field': { type: 'string' },
  release: { type: 'string' },
  version: { type: 'boolean' },
  process: { type: 'string' },
  metrics: { type: 'string' },
  promql: { type: 'string', multiple: true },
  prometheus: { type: 'string' },
  header: { type: 'string', multiple: true },
  'bearer-file': { type: 'string' },
  ca: { type: 'string' },
  timeout: { type: 'string' },
  log: { type: 'string' },
  'dry-run': { type: 'boolean' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

class UsageError extends Error {}

/** `name<separator>value` pairs as a record. */
const pairs = (all: readonly string[], separator: string, flag: string): Record<string, string> =>
  Object.fromEntries(
    all.map((pair) => {
      const at = pair.indexOf(separator);
      // The pair itself may hold a secret.
      if (at <= 0) throw new UsageError(`--${flag}: expected NAME${separator}…`);
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );

const httpUrl = (text: string, flag: string): string => {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`--${flag}: expected an http:// or https:// address`);
};

const readExpect = (text: string): Record<string, unknown> => {
  if (text.startsWith('/')) return { body: text };
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return { ...parsed };
  } catch {
    // Said below, as for JSON of another shape.
  }
  throw new UsageError('--expect: expected /regex/, or JSON like {"status": "OK"}');
};

const readTimeout = (text: string | undefined): number => {
  const seconds = Number(text ?? 5);
  if (seconds > 0 && seconds <= 3600) return seconds * 1000;
  throw new UsageError('--timeout: expected seconds, over 0 and at most 3600');
};

type Values = ReturnType<typeof parseArgs<{ options: typeof flags }>>['values'];

const readMetrics = (values: Values, timeoutMs: number): MetricsSpec[] => {
  const asked = {
    timeoutMs,
    headers: pairs(values.header ?? [], ':', 'header'),
    bearerFile: values['bearer-file'],
    tls: values.ca === undefined ? undefined : { caFile: values.ca },
  };
  const queries = pairs(values.promql ?? [], '=', 'promql');
  if ((values.prometheus === undefined) !== (Object.keys(queries).length === 0))
    throw new UsageError('--prometheus and --promql belong together');
  const byQuery: MetricsSpec[] =
    values.prometheus === undefined
      ? []
      : [{ ...asked, type: 'promql', url: httpUrl(values.prometheus, 'prometheus'), queries }];
  const where = values.metrics ?? (byQuery.length > 0 ? 'none' : '/metrics');
  if (where === 'none') return byQuery;
  const place = where.startsWith('/') ? { path: where } : { url: httpUrl(where, 'metrics') };
  return [{ ...asked, type: 'prometheus', ...place }, ...byQuery];
};

const readValues = (values: Values): Asked => {
  if (values.help === true) return { kind: 'help' };
  if (values.version === true) return { kind: 'version' };
  const { url, gates } = values;
  if (url === undefined || gates === undefined)
    throw new UsageError('--url and --gates are needed');
  const timeoutMs = readTimeout(values.timeout);
  return {
    kind: values['dry-run'] === true ? 'look' : 'watch',
    format: values.json === true ? 'json' : 'lines',
    options: {
      url: httpUrl(url, 'url'),
      gates,
      environment: values.env,
      targets: values.target?.map((target) => httpUrl(target, 'target')),
      version: values.release,
      health: {
        path: values.health ?? '/health',
        timeoutMs,
        expect: values.expect === undefined ? undefined : readExpect(values.expect),
        versionField: values['version-field'],
        process: values.process,
      },
      metrics: readMetrics(values, timeoutMs),
      log: values.log,
    },
  };
};

/** Reads a command line. Pure. */
export const readArguments = (args: readonly string[]): Asked => {
  try {
    return readValues(parseArgs({ args: [...args], options: flags, strict: true }).values);
  } catch (error) {
    const isUsage = error instanceof UsageError || (error instanceof TypeError && 'code' in error);
    if (!isUsage) throw error;
    return { kind: 'wrong', message: error.message };
  }
};
