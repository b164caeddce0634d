import { isAbsolute, relative, resolve } from 'node:path';
import type { ConfigIssue } from './config-error.ts';
import { type IssueContext, issueAt, valueAt } from './issues.ts';
import { suggest } from './nearest.ts';
import type { Path } from './positions.ts';

interface Named {
  readonly name: string;
  readonly type: unknown;
  readonly path: string;
  readonly index: number;
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const sourcesOf = (environment: unknown): Named[] =>
  asList(valueAt(environment, ['data'])).flatMap((entry, index) => {
    const [name, type, path] = ['name', 'type', 'path'].map((key) => valueAt(entry, [key]));
    return typeof name === 'string' && typeof path === 'string'
      ? [{ name, type, path, index }]
      : [];
  });

const contains = (outer: string, inner: string): boolean => {
  const way = relative(resolve(outer), resolve(inner));
  return way === '' || (!way.startsWith('..') && !isAbsolute(way));
};

/** What no schema of one place can see: names that must be there, names and folders that clash. */
export const crossCheck = (
  environment: unknown,
  path: Path,
  context: IssueContext,
): ConfigIssue[] => {
  const sources = sourcesOf(environment);
  const issues: ConfigIssue[] = [];
  for (const { name, path: own, index } of sources) {
    const before = sources.slice(0, index);
    if (before.some((other) => other.name === name))
      issues.push(
        issueAt(
          context,
          [...path, 'data', index, 'name'],
          `"${name}" is there twice`,
          'name each source once',
        ),
      );
    const other = before.find((one) => contains(one.path, own) || contains(own, one.path));
    if (other !== undefined)
      issues.push(
        issueAt(
          context,
          [...path, 'data', index, 'path'],
          `lies in the same place as that of "${other.name}": a restore would swap it twice`,
          'keep the sources apart',
        ),
      );
  }

  const database = valueAt(environment, ['migrations', 'database']);
  const databases = sources.filter(({ type }) => type === 'sqlite').map(({ name }) => name);
  if (typeof database === 'string' && !databases.includes(database)) {
    issues.push(
      issueAt(
        context,
        [...path, 'migrations', 'database'],
        'names no sqlite source under data',
        suggest(database, databases),
      ),
    );
  }

  const channels = Object.keys((valueAt(context.raw, ['channels']) ?? {}) as object);
  asList(valueAt(environment, ['notify'])).forEach((name, index) => {
    if (typeof name === 'string' && !channels.includes(name))
      issues.push(
        issueAt(
          context,
          [...path, 'notify', index],
          `there is no channel "${name}"`,
          suggest(name, channels),
        ),
      );
  });
  return issues;
};
