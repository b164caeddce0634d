import { nearest } from '@dhash/basics/nearest';
import type { WatchPolicy } from '../policy.ts';
import { buildPolicy } from './build-policy.ts';
import { type Finding, show, unknownKey } from './check.ts';
import { type ConfigIssue, GatesConfigError } from './errors.ts';
import { type Path, type Position, readDocument } from './read-document.ts';

/** A gates file that holds: each environment's policy. */
export type GatesFile = {
  readonly file: string;
  readonly policies: ReadonlyMap<string, WatchPolicy>;
};

const environmentName = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

const rootFindings = (root: Record<string, unknown>): Finding[] => {
  const findings = Object.keys(root)
    .filter((key) => key !== '$schema' && key !== 'environments')
    .map((key) => unknownKey([], key, ['$schema', 'environments']));
  const schema = root['$schema'];
  if (schema !== undefined && typeof schema !== 'string')
    findings.push({
      path: ['$schema'],
      message: `must be a text, got ${show(schema)}`,
      hint: null,
    });
  return findings;
};

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Where findings stand; in a file, by line and column. */
type Places = {
  at(path: Path): Position;
  atKey(path: Path): Position;
};

const buildFile = (root: unknown, file: string, places: Places): GatesFile => {
  const findings: Finding[] = [];
  const policies = new Map<string, WatchPolicy>();
  if (!isObject(root))
    findings.push({
      path: [],
      message: `must be an object, got ${show(root)}`,
      hint: 'at least: environments',
    });
  else {
    findings.push(...rootFindings(root));
    const environments = root['environments'];
    if (environments === undefined)
      findings.push({
        path: ['environments'],
        message: 'is missing',
        hint: 'an object with an environment each',
      });
    else if (!isObject(environments) || Object.keys(environments).length === 0)
      findings.push({
        path: ['environments'],
        message: `must be an object with at least one environment, got ${show(environments)}`,
        hint: null,
      });
    else
      for (const [name, value] of Object.entries(environments)) {
        const path = ['environments', name];
        if (!environmentName.test(name))
          findings.push({
            path,
            isKey: true,
            message: `${JSON.stringify(name)} is no name for an environment`,
            hint: 'a letter, then up to 63 letters, digits, "_", "." or "-"',
          });
        const built = buildPolicy(name, value, path);
        findings.push(...built.findings);
        if (built.policy) policies.set(name, built.policy);
      }
  }
  if (findings.length === 0) return { file, policies };
  const issues = findings.map(
    ({ path, isKey, message, hint }): ConfigIssue => ({
      file,
      ...(isKey ? places.atKey(path) : places.at(path)),
      path: path.map(String).join('.'),
      message,
      hint,
    }),
  );
  issues.sort((a, b) => a.line - b.line || a.column - b.column);
  throw new GatesConfigError('bad-config', issues);
};

/**
 * Reads a gates file, JSON or YAML. `file` is what messages call it; a name that ends in `.json` must
 * be JSON.
 * @throws GatesConfigError with all that is wrong, each with line, column, path, message and hint.
 */
export const parseGates = (text: string, { file }: { readonly file: string }): GatesFile => {
  const read = readDocument(text, file);
  if (read.kind === 'broken') throw new GatesConfigError('bad-config', read.issues);
  const { document } = read;
  return buildFile(document.value, file, document);
};

/**
 * The same from a value that was parsed already.
 * @throws GatesConfigError as {@link parseGates}; every issue is on line 1.
 */
export const readGates = (value: unknown, file: string): GatesFile => {
  const start = { line: 1, column: 1 };
  return buildFile(value, file, { at: () => start, atKey: () => start });
};

/** In the order of the file. */
export const environmentsOf = (file: GatesFile): string[] => [...file.policies.keys()];

/**
 * The policy of one environment.
 * @throws GatesConfigError `unknown-environment`, with the nearest one there is.
 */
export const gatesFor = (file: GatesFile, environment: string): WatchPolicy => {
  const policy = file.policies.get(environment);
  if (policy) return policy;
  const names = environmentsOf(file);
  const near = nearest(environment, names);
  throw new GatesConfigError('unknown-environment', [
    {
      file: file.file,
      line: 1,
      column: 1,
      path: `environments.${environment}`,
      message: `there is no environment ${JSON.stringify(environment)}`,
      hint: near === null ? `known: ${names.join(', ')}` : `did you mean "${near}"?`,
    },
  ]);
};
