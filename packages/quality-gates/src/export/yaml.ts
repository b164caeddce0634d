import { GatesError } from '../errors.ts';
import type { WatchPolicy } from '../policy.ts';
import { type ExportOptions, expressions, promDuration } from './expression.ts';

// A JSON text is a YAML scalar: nothing in a name can end it early.
export const quoted = (text: string): string => JSON.stringify(text);
export const comment = (indent: string, lines: readonly string[]): string[] =>
  lines.map((line) => `${indent}# ${line.replace(/[\r\n]+/g, ' ')}`);

/** @throws GatesError `not-expressible`, naming each gate that `target` can't say. */
export const allOrError = (policy: WatchPolicy, options: ExportOptions, target: string) => {
  const { found, inexpressible } = expressions(policy, options);
  if (inexpressible.length > 0)
    throw new GatesError(
      'not-expressible',
      `${target} can't express ${inexpressible.map(({ name, why }) => `${name} (${why})`).join(', ')}; export a gates file without it`,
    );
  return found;
};

/** As Kubernetes wants names: a-z, 0-9 and dashes between them. */
export const dashed = (...texts: readonly string[]): string =>
  texts
    .join('-')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');

/** Where a policy polls faster while a gate is suspicious. */
export const suspectNote = ({ cadence: { suspectMs } }: WatchPolicy, everyMs: number): string[] =>
  suspectMs !== null && suspectMs < everyMs
    ? [
        `Looked at every ${promDuration(everyMs)}; the polls every ${promDuration(suspectMs)} while a gate is suspicious can't be said.`,
      ]
    : [];
