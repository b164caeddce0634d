import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { BackupError, systemCode } from '../errors.ts';
import type { Manifest, ManifestEntry, ManifestSource } from '../manifest.ts';
import { inspectSqlite } from '../source/inspect-sqlite.ts';
import { listFiles, pathInside } from '../source/list-files.ts';
import { truePath } from '../stored-path.ts';
import type { DataSource } from '../types.ts';
import { hashPath } from './hash-path.ts';
import { SQLITE_SIDECARS } from './staged-target.ts';

/** A list that may be long: all of them counted, the first ones named. */
export interface CountedNames {
  readonly count: number;
  /** At most 100, as `<source>/<path>`. */
  readonly names: readonly string[];
}

/** Rows of one table at the backup and now; null where the table was not there. */
export interface TableDifference {
  readonly source: string;
  readonly table: string;
  readonly before: number | null;
  readonly after: number | null;
}

/** What was written since a backup was made. */
export interface DataDifference {
  readonly files: {
    readonly added: CountedNames;
    readonly changed: CountedNames;
    readonly removed: CountedNames;
  };
  /** Tables whose number of rows differs. */
  readonly tables: readonly TableDifference[];
}

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
}

const MOST_NAMES = 100;

const counted = (names: readonly string[]): CountedNames => ({
  count: names.length,
  names: names.slice(0, MOST_NAMES),
});

/** The lines of a source, by true path (latin1: one character for each byte). */
const linesOf = (manifest: Manifest, source: string): Map<string, ManifestEntry> => {
  const lines = new Map<string, ManifestEntry>();
  for (const line of manifest.entries) {
    if (!line.path.startsWith(`${source}/`)) continue;
    const place = truePath(source, line);
    if ('path' in place) lines.set(place.path.toString('latin1'), line);
  }
  return lines;
};

type FileChanges = {
  added: string[];
  changed: string[];
  removed: string[];
  files: number;
  bytes: number;
};

/** How a folder differs from the lines of its source. */
export const compareFolder = async (
  manifest: Manifest,
  source: DataSource,
  signal?: AbortSignal,
): Promise<FileChanges> => {
  const lines = linesOf(manifest, source.name);
  const listing = await listFiles(source, signal);
  const changes: FileChanges = { added: [], changed: [], removed: [], files: 0, bytes: 0 };
  for (const item of listing.items) {
    const key = item.name.toString('latin1');
    const shown = `${source.name}/${item.name.toString('utf8')}`;
    const line = lines.get(key);
    lines.delete(key);
    if (line === undefined) changes.added.push(shown);
    else if (line.type !== item.type) changes.changed.push(shown);
    else if (line.type === 'link' && item.type === 'link') {
      if (line.target !== item.target) changes.changed.push(shown);
    } else if (line.type === 'file' && item.type === 'file') {
      const path = pathInside(source.path, item.name);
      if (line.size !== item.size || (await hashPath(path, signal)) !== line.sha256)
        changes.changed.push(shown);
      else {
        changes.files += 1;
        changes.bytes += line.size;
      }
    }
  }
  const unread = listing.unreadable;
  if (unread.length > 0)
    throw new BackupError('source-refused', `${source.path} can't be read: ${unread[0]}`, {
      file: source.path,
      problems: unread,
    });
  for (const key of lines.keys())
    changes.removed.push(`${source.name}/${Buffer.from(key, 'latin1').toString('utf8')}`);
  return changes;
};

const sourceIn = (manifest: Manifest, { name, type }: DataSource): ManifestSource => {
  const found = manifest.sources.find((source) => source.name === name && source.type === type);
  if (found !== undefined) return found;
  throw new BackupError('not-restorable', `the backup holds no source "${name}" of type ${type}`);
};

const isThere = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
};

const tableDifferences = (
  source: string,
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): TableDifference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((table) => ({
      source,
      table,
      before: before[table] ?? null,
      after: after[table] ?? null,
    }))
    .filter((difference) => difference.before !== difference.after);

/**
 * What was written since the backup: compares data where it lies now (or where it was put aside) with the
 * manifest. Files are compared by content, databases by rows per table, with what is still in their logs.
 *
 * @throws BackupError `not-restorable`, `source-refused`, `sqlite-damaged`
 */
export const compareData = async (
  manifest: Manifest,
  sources: readonly DataSource[],
  { signal }: CompareOptions = {},
): Promise<DataDifference> => {
  const all: Pick<FileChanges, 'added' | 'changed' | 'removed'> = {
    added: [],
    changed: [],
    removed: [],
  };
  const tables: TableDifference[] = [];
  for (const source of sources) {
    const recorded = sourceIn(manifest, source);
    if (source.type === 'sqlite') {
      const now = (await isThere(source.path))
        ? (await inspectSqlite({ path: source.path, kind: 'live' }, signal)).tables
        : {};
      tables.push(...tableDifferences(source.name, recorded.tables ?? {}, now));
    } else if (await isThere(source.path)) {
      const { include, exclude } = recorded;
      const same = {
        ...source,
        ...(include === undefined ? {} : { include }),
        ...(exclude === undefined ? {} : { exclude }),
      };
      const { added, changed, removed } = await compareFolder(manifest, same, signal);
      all.added.push(...added);
      all.changed.push(...changed);
      all.removed.push(...removed);
    } else {
      all.removed.push(
        ...manifest.entries
          .map(({ path }) => path)
          .filter((path) => path.startsWith(`${source.name}/`)),
      );
    }
  }
  return {
    files: {
      added: counted(all.added),
      changed: counted(all.changed),
      removed: counted(all.removed),
    },
    tables,
  };
};

/** Path of a database's log or journal that lies beside it, if any. */
export const sidecarBeside = async (path: string): Promise<string | null> => {
  for (const suffix of SQLITE_SIDECARS)
    if (await isThere(path + suffix)) return basename(path + suffix);
  return null;
};
