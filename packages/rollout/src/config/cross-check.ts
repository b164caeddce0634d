import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { isSameDatabase, leavesDatabaseOut } from '@dhash/backup-core';
import type { ConfigIssue } from './config-error.ts';
import { type DatabaseInside, databasesInside, withoutDatabases } from './databases-inside.ts';
import { type IssueContext, issueAt, valueAt } from './issues.ts';
import { ownFolders } from './own-folders.ts';
import type { Path } from './positions.ts';
import { notifiableEvents } from './recipients.ts';
import { suggest } from './suggest.ts';

interface Named {
  readonly name: string;
  readonly type: unknown;
  readonly path: string;
  readonly index: number;
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

const textsIn = (value: unknown): string[] =>
  asList(value).filter((each) => typeof each === 'string');

/** The databases that a folder of files names as its own. */
const insideOf = (entry: unknown, name: string): DatabaseInside[] =>
  valueAt(entry, ['type']) === 'files'
    ? databasesInside(name, textsIn(valueAt(entry, ['sqlite'])))
    : [];

const sourcesOf = (environment: unknown): Named[] =>
  asList(valueAt(environment, ['data'])).flatMap((entry, index) => {
    const [name, type, path] = ['name', 'type', 'path'].map((key) => valueAt(entry, [key]));
    return typeof name === 'string' && typeof path === 'string'
      ? [
          { name, type, path, index },
          ...insideOf(entry, name).map((one) => ({
            ...{ name: one.name, type: 'sqlite', path: join(path, one.path), index },
          })),
        ]
      : [];
  });

/** Whether a path is the other, or lies in it, by their names alone. */
export const contains = (outer: string, inner: string): boolean => {
  const way = relative(resolve(outer), resolve(inner));
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
};

/** Whether a database lies in a folder that leaves it out, with its logs: each is put back by itself. */
const isApart = (folder: Named, database: Named, environment: unknown): boolean => {
  if (folder.type !== 'files' || database.type !== 'sqlite') return false;
  if (!contains(folder.path, database.path)) return false;
  const texts = (option: string) => textsIn(valueAt(environment, ['data', folder.index, option]));
  const include = valueAt(environment, ['data', folder.index, 'include']);
  return leavesDatabaseOut(
    {
      exclude: [...texts('exclude'), ...withoutDatabases(texts('sqlite'))],
      include: include === undefined ? undefined : texts('include'),
    },
    relative(resolve(folder.path), resolve(database.path)),
  );
};

/** A source that a restore could not swap without taking the toolkit's own files with it. */
const overlapsOurs = (
  sources: readonly Named[],
  environment: unknown,
  path: Path,
  context: IssueContext,
): ConfigIssue[] => {
  const root = dirname(resolve(context.file));
  const ours = ownFolders(root, String(path.at(-1)), environment, context.raw);
  return sources.flatMap(({ path: written, index }) => {
    const own = resolve(root, written);
    const met = ours.find((one) => contains(one.path, own) || contains(own, one.path));
    const what = contains(own, root) ? 'the folder of rollout.yaml' : met?.name;
    if (what === undefined) return [];
    const how = contains(own, root) || (met && contains(own, met.path)) ? 'holds' : 'lies in';
    return [
      issueAt(
        context,
        [...path, 'data', index, 'path'],
        `${how} ${what}: a restore would take the toolkit's own files with it`,
        'keep the data in a folder of its own, such as data/',
      ),
    ];
  });
};

/** Channels and events that an entry of `notify` names, and that there are not. */
const unknownRecipients = (
  environment: unknown,
  path: Path,
  context: IssueContext,
): ConfigIssue[] => {
  const channels = Object.keys((valueAt(context.raw, ['channels']) ?? {}) as object);
  return asList(valueAt(environment, ['notify'])).flatMap((entry, index) => {
    const at = [...path, 'notify', index];
    const [name, where] =
      typeof entry === 'string' ? [entry, at] : [valueAt(entry, ['channel']), [...at, 'channel']];
    const events = asList(valueAt(entry, ['events']));
    return [
      ...(typeof name === 'string' && !channels.includes(name)
        ? [issueAt(context, where, `there is no channel "${name}"`, suggest(name, channels))]
        : []),
      ...events.flatMap((event, place) =>
        typeof event === 'string' && !notifiableEvents.includes(event)
          ? [
              issueAt(
                context,
                [...at, 'events', place],
                `there is no event "${event}"`,
                suggest(event, notifiableEvents),
              ),
            ]
          : [],
      ),
    ];
  });
};

/** Of an entry of `data`, its own first. */
const namesOf = (entry: unknown): string[] => {
  const name = valueAt(entry, ['name']);
  return typeof name === 'string' ? [name, ...insideOf(entry, name).map((one) => one.name)] : [];
};

/** Sources of one name, and of one database. */
const repeated = (environment: unknown, path: Path, context: IssueContext): ConfigIssue[] => {
  const entries = asList(valueAt(environment, ['data'])).map((entry) => ({
    name: valueAt(entry, ['name']),
    names: namesOf(entry),
    url: valueAt(entry, ['url']),
  }));
  return entries.flatMap(({ name, names, url }, index) => {
    const before = entries.slice(0, index);
    const twin = before.find(
      (one) =>
        typeof url === 'string' && typeof one.url === 'string' && isSameDatabase(one.url, url),
    );
    const at = (field: string) => [...path, 'data', index, field];
    return [
      ...(typeof name === 'string' && before.some((one) => one.names.includes(name))
        ? [issueAt(context, at('name'), `"${name}" is there twice`, 'name each source once')]
        : []),
      ...names
        .slice(1)
        .filter((inside) => before.some((one) => one.names.includes(inside)))
        .map((inside) =>
          issueAt(
            context,
            at('sqlite'),
            `makes a source "${inside}", whose name is there already`,
            'name that source, or this folder, otherwise',
          ),
        ),
      ...(twin === undefined
        ? []
        : [
            issueAt(
              context,
              at('url'),
              `is the database of "${String(twin.name)}": a restore would swap it twice`,
              'name each database once',
            ),
          ]),
    ];
  });
};

/** What no schema of one place can see: names that must be there, names and folders that clash. */
export const crossCheck = (
  environment: unknown,
  path: Path,
  context: IssueContext,
): ConfigIssue[] => {
  const sources = sourcesOf(environment);
  const issues: ConfigIssue[] = repeated(environment, path, context);
  for (const one of sources) {
    const { path: own, index } = one;
    const before = sources.filter((each) => each.index < index);
    const other = before.find(
      (each) =>
        (contains(each.path, own) || contains(own, each.path)) &&
        !isApart(each, one, environment) &&
        !isApart(one, each, environment),
    );
    if (other !== undefined)
      issues.push(
        issueAt(
          context,
          [...path, 'data', index, 'path'],
          `lies in the same place as that of "${other.name}": a restore would swap it twice`,
          'keep the sources apart; a folder of files may hold its databases: name them there, as "sqlite": ["app.db"] does, or leave them out with their logs ("exclude": ["app.db*"]) and declare each at its place',
        ),
      );
  }

  issues.push(...overlapsOurs(sources, environment, path, context));

  const database = valueAt(environment, ['migrations', 'database']);
  const databases = asList(valueAt(environment, ['data'])).flatMap((entry) => {
    const [type, name] = [valueAt(entry, ['type']), valueAt(entry, ['name'])];
    if (typeof name !== 'string') return [];
    return type === 'sqlite' || type === 'postgres'
      ? [name]
      : insideOf(entry, name).map((inside) => inside.name);
  });
  if (typeof database === 'string' && !databases.includes(database)) {
    issues.push(
      issueAt(
        context,
        [...path, 'migrations', 'database'],
        'names no sqlite or postgres source under data',
        suggest(database, databases),
      ),
    );
  }

  const [own, ofTarget] = [['state'], ['target', 'state']].map((at) => valueAt(environment, at));
  if (own !== undefined && ofTarget !== undefined && own !== ofTarget)
    issues.push(
      issueAt(
        context,
        [...path, 'target', 'state'],
        'names another folder than state of the environment',
        'lock and record lie in one place: name it once',
      ),
    );

  return [...issues, ...unknownRecipients(environment, path, context)];
};
