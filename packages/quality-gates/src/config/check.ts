import { nearest } from '@dhash/basics/nearest';
import type * as z from 'zod';
import type { Path } from './read-document.ts';

/** What is wrong at a path; the file and the position come later. */
export type Finding = {
  readonly path: Path;
  /** The key itself should not be there, rather than its value be another. */
  readonly isKey?: boolean;
  readonly message: string;
  readonly hint: string | null;
};

const valueAt = (value: unknown, path: Path): unknown => {
  let found = value;
  for (const key of path) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined;
    found = (found as Record<PropertyKey, unknown>)[key];
  }
  return found;
};

const longestShown = 40;
/** A value as it stands in the file, cut short. */
export const show = (value: unknown): string => {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = typeof value === 'string' ? JSON.stringify(value) : String(value);
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text;
};

/** Without what is "missing" only because its key is misspelt beside it. */
export const withoutEchoes = (findings: readonly Finding[]): Finding[] =>
  findings.filter(
    ({ path, message }) =>
      message !== 'is missing' ||
      !findings.some(
        (other) =>
          other.isKey &&
          other.path.length === path.length &&
          other.hint === `did you mean "${String(path.at(-1))}"?` &&
          path.slice(0, -1).every((key, depth) => key === other.path[depth]),
      ),
  );

/** Why a key is not taken, and what may have been meant. */
export const unknownKey = (path: Path, key: string, known: readonly string[]): Finding => {
  const near = nearest(key, known);
  return {
    path: [...path, key],
    isKey: true,
    message: `unknown key ${JSON.stringify(key)}`,
    hint: near === null ? `known: ${known.join(', ')}` : `did you mean "${near}"?`,
  };
};

const isStrict = (schema: unknown): schema is { shape: Record<string, unknown> } =>
  typeof schema === 'object' && schema !== null && 'shape' in schema;

const unwrap = (schema: unknown): unknown => {
  let inner = schema;
  while (typeof inner === 'object' && inner !== null && 'unwrap' in inner && !isStrict(inner))
    inner = (inner as { unwrap(): unknown }).unwrap();
  return inner;
};

const keysAt = (schema: unknown, path: Path): readonly string[] => {
  let found: unknown = unwrap(schema);
  for (const key of path) found = isStrict(found) ? unwrap(found.shape[String(key)]) : undefined;
  return isStrict(found) ? Object.keys(found.shape) : [];
};

/** Checks one value against its schema and says all that is wrong with it, in its own words. */
export const check = <T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
): { readonly findings: Finding[]; readonly data: T | null } => {
  const result = schema.safeParse(value);
  if (result.success) return { findings: [], data: result.data };
  const findings: Finding[] = [];
  for (const issue of result.error.issues) {
    const full = [...path, ...issue.path];
    const got = valueAt(value, issue.path);
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path);
      for (const key of issue.keys) findings.push(unknownKey(full, key, known));
    } else if (got === undefined) {
      const hint = issue.message === '' ? null : issue.message;
      findings.push({ path: full, message: 'is missing', hint });
    } else {
      const values = issue.code === 'invalid_value' ? issue.values.map(String) : [];
      const near = typeof got === 'string' ? nearest(got, values) : null;
      const hint = near === null ? null : `did you mean "${near}"?`;
      findings.push({ path: full, message: `${issue.message}, got ${show(got)}`, hint });
    }
  }
  return { findings, data: null };
};
