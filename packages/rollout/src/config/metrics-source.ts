import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { MetricsSpec } from '@dhash/monitor';
import { parseDuration } from './duration.ts';
import type { EnvironmentInput } from './schema.ts';

type MetricsInput = NonNullable<EnvironmentInput['metrics']>;
type SourceInput = Exclude<MetricsInput, readonly unknown[]>;

const defaultPath = '/metrics';

const askedOf = (
  root: string,
  { headers, bearerFile, timeout, tls }: SourceInput,
): Pick<MetricsSpec, 'headers' | 'bearerFile' | 'timeoutMs' | 'tls'> => ({
  ...(headers === undefined ? {} : { headers }),
  ...(bearerFile === undefined ? {} : { bearerFile: resolve(root, bearerFile) }),
  ...(timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) ?? undefined }),
  ...(tls === undefined ? {} : { tls: { caFile: resolve(root, tls.ca) } }),
});

const sourceOf = (root: string, input: SourceInput): MetricsSpec => {
  const asked = askedOf(root, input);
  if (input.type === 'promql') {
    const { type, url, queries } = input;
    return { ...asked, type, url, queries };
  }
  const { url } = input;
  // An address of its own may be the page itself.
  const path = input.path ?? (url === undefined ? defaultPath : undefined);
  const placed = {
    ...(path === undefined ? {} : { path }),
    ...(url === undefined ? {} : { url }),
  };
  if (input.type === 'prometheus') return { ...asked, ...placed, type: 'prometheus' };
  const { values, processStart } = input;
  return {
    ...asked,
    ...placed,
    type: 'json',
    ...(values === undefined ? {} : { values }),
    ...(processStart === undefined ? {} : { processStart }),
  };
};

/** Where an environment's metrics are, ready to be asked; none: it names no source. */
export const metricsSources = (
  root: string,
  input: EnvironmentInput['metrics'],
): readonly MetricsSpec[] =>
  input === undefined ? [] : [input].flat().map((source) => sourceOf(root, source));

/** What headers and token files hold: none of it may reach a log. */
export const secretsOfMetrics = (sources: readonly MetricsSpec[]): string[] =>
  sources.flatMap(({ headers = {}, bearerFile }) => [
    // `Bearer s3cret`: the token alone is as secret as the whole value.
    ...Object.values(headers).flatMap((value) => [value, ...value.split(' ').slice(1)]),
    ...(bearerFile === undefined ? [] : tokenIn(bearerFile)),
  ]);

/** That the file can't be read is told where it is needed: at the poll. */
const tokenIn = (file: string): string[] => {
  try {
    return [readFileSync(file, 'utf8').trim()];
  } catch {
    return [];
  }
};
