import type * as z from 'zod';
import type { ConfigIssue } from './config-error.ts';
import { knownKeys, knownTypes } from './json-schema.ts';
import { formatPath, type Path, type Positions } from './positions.ts';
import { suggest } from './suggest.ts';

/** What an issue needs to know about the file that it is about. */
export interface IssueContext {
  readonly file: string;
  readonly positions: Positions;
  /** The file as parsed; its values may still hold variables. */
  readonly raw: unknown;
  /** Variables that went into the scalar at `path`: their values must not be shown. */
  variablesAt(path: Path): readonly string[];
}

export const valueAt = (value: unknown, path: Path): unknown =>
  path.reduce<unknown>(
    (node, part) =>
      typeof node === 'object' && node !== null && Object.hasOwn(node, part)
        ? (node as Record<PropertyKey, unknown>)[part]
        : undefined,
    value,
  );

export const issueAt = (
  context: IssueContext,
  path: Path,
  message: string,
  hint: string | null = null,
): ConfigIssue => ({
  file: context.file,
  ...context.positions.valueAt(path),
  path: formatPath(path),
  message,
  hint,
});

/** An issue about a name that is none of the known ones. */
const unknownKey = (
  context: IssueContext,
  path: Path,
  key: string,
  known: readonly string[],
): ConfigIssue => ({
  file: context.file,
  ...context.positions.keyAt([...path, key]),
  path: formatPath([...path, key]),
  message: `unknown key "${key}"`,
  hint: suggest(key, known),
});

const typeNames: Record<string, string> = {
  object: 'a map',
  record: 'a map',
  array: 'a list',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

const article = (expected: string): string => typeNames[expected] ?? expected;

/** An address with a user and maybe a password in it. */
const holdsCredentials = (value: unknown): boolean =>
  typeof value === 'string' && /\/\/[^/]*@/.test(value);

/** What was found, unless it came from a variable, is not a scalar or may hold a password. */
const got = (context: IssueContext, path: Path): string => {
  const names = context.variablesAt(path);
  if (names.length > 0) return ` (the value comes from ${names.join(' and ')})`;
  const found = valueAt(context.raw, path);
  if (found === null) return ', found nothing';
  if (Array.isArray(found)) return ', found a list';
  if (typeof found === 'object') return ', found a map';
  return found === undefined || holdsCredentials(found) ? '' : `, found ${JSON.stringify(found)}`;
};

/** Of the alternatives of a union, the one that a value of this kind can only have been meant as. */
const meant = (
  alternatives: readonly (readonly z.core.$ZodIssue[])[],
): readonly z.core.$ZodIssue[] | null => {
  const ofThisKind = alternatives.filter(
    (issues) => !issues.some(({ code, path }) => code === 'invalid_type' && path.length === 0),
  );
  return ofThisKind.length === 1 ? (ofThisKind[0] ?? null) : null;
};

/** A rule of ours sets `params: { mayHoldSecret: true }` where the value must not be said back. */
const mayHoldSecret = (issue: z.core.$ZodIssue): boolean =>
  issue.code === 'custom' && issue.params?.['mayHoldSecret'] === true;

/** zod's issues (paths below `base`) as issues of the file: one a mistake, with its position. */
export const issuesOf = (
  found: readonly z.core.$ZodIssue[],
  base: Path,
  context: IssueContext,
): ConfigIssue[] =>
  found.flatMap((issue): ConfigIssue[] => {
    const path = [...base, ...issue.path];
    const missing = valueAt(context.raw, path) === undefined;
    switch (issue.code) {
      case 'unrecognized_keys': {
        const known = knownKeys(path, context.raw);
        return issue.keys.map((key) => unknownKey(context, path, key, known));
      }
      case 'invalid_type': {
        // A schema of ours that explains itself keeps its own words.
        if (!issue.message.startsWith('Invalid input'))
          return [issueAt(context, path, issue.message)];
        return missing
          ? [issueAt(context, path, 'is required', `write ${article(issue.expected)} here`)]
          : [issueAt(context, path, `must be ${article(issue.expected)}${got(context, path)}`)];
      }
      case 'invalid_key':
        return [
          {
            ...issueAt(context, path, issue.issues[0]?.message ?? 'is no valid name'),
            ...context.positions.keyAt(path),
          },
        ];
      case 'invalid_value': {
        if (missing && issue.message.startsWith('Invalid'))
          return [issueAt(context, path, 'is required', `one of: ${issue.values.join(', ')}`)];
        const ours = !issue.message.startsWith('Invalid');
        const message = ours ? issue.message : `must be one of ${issue.values.join(', ')}`;
        return [issueAt(context, path, `${message}${got(context, path)}`)];
      }
      case 'too_small':
      case 'too_big': {
        const bound =
          issue.code === 'too_small' ? `at least ${issue.minimum}` : `at most ${issue.maximum}`;
        const ours = !/^Too (small|big)/.test(issue.message);
        return [
          issueAt(
            context,
            path,
            `${ours ? issue.message : `must be ${bound}`}${got(context, path)}`,
          ),
        ];
      }
      case 'invalid_union': {
        const inner = meant(issue.errors);
        if (inner !== null) return issuesOf(inner, path, context);
        const known = knownTypes(path.slice(0, -1), context.raw).join(', ');
        if (issue.discriminator === undefined || known === '')
          return [issueAt(context, path, `${issue.message}${got(context, path)}`)];
        return missing
          ? [issueAt(context, path, 'is required', `one of: ${known}`)]
          : [issueAt(context, path, `must be one of ${known}${got(context, path)}`)];
      }
      default:
        return [
          missing
            ? issueAt(context, path, 'is required', issue.message)
            : issueAt(
                context,
                path,
                `${issue.message}${mayHoldSecret(issue) ? '' : got(context, path)}`,
              ),
        ];
    }
  });
