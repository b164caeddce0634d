import { BackupError } from '../errors.ts';
import type { Compared } from '../kind/data-kind.ts';
import { kindOf } from '../kind/kinds.ts';
import type { Manifest, ManifestSource } from '../manifest.ts';
import type { DataSource } from '../types.ts';

/** A list that may be long: all of them counted, the first ones named. */
export interface CountedNames {
  readonly count: number;
  /** At most 100, as `<source>/<path>`. */
  readonly names: readonly string[];
}

/**
 * Rows of one table at the backup and now; null where the table was not there. Where both numbers are the same, what is in
 * the rows is not.
 */
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
  /** Tables whose rows differ, in number or in what is in them. */
  readonly tables: readonly TableDifference[];
}

export interface CompareOptions {
  readonly signal?: AbortSignal | undefined;
}

export interface CompareDataOptions extends CompareOptions {
  /** The zip: with it, rows of SQLite databases are compared and not only counted; it is extracted beside the data for that. */
  readonly backup?: string | undefined;
}

const MOST_NAMES = 100;

const counted = (names: readonly string[]): CountedNames => ({
  count: names.length,
  names: names.slice(0, MOST_NAMES),
});

const sourceIn = (manifest: Manifest, { name, type }: DataSource): ManifestSource => {
  const found = manifest.sources.find((source) => source.name === name && source.type === type);
  if (found !== undefined) return found;
  throw new BackupError('not-restorable', `the backup holds no source "${name}" of type ${type}`);
};

const tableDifferences = (
  source: string,
  { before, after, changed }: NonNullable<Compared['tables']>,
): TableDifference[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])]
    .sort()
    .map((table) => ({
      source,
      table,
      before: before[table] ?? null,
      after: after[table] ?? null,
    }))
    .filter(({ table, ...rows }) => rows.before !== rows.after || changed.includes(table));

/**
 * What was written since the backup: compares data where it lies now (or where it was put aside) with the
 * manifest. Files are compared by content, databases by their rows, with what is still in their logs.
 *
 * @throws BackupError `not-restorable`, `source-refused`, `sqlite-damaged`
 */
export const compareData = async (
  manifest: Manifest,
  sources: readonly DataSource[],
  { backup, signal }: CompareDataOptions = {},
): Promise<DataDifference> => {
  const all: { [change in 'added' | 'changed' | 'removed']: readonly string[] } = {
    added: [],
    changed: [],
    removed: [],
  };
  const tables: TableDifference[] = [];
  for (const source of sources) {
    const found = await kindOf(source).compare(source, sourceIn(manifest, source), manifest, {
      signal,
      backup,
    });
    // As one list, not as arguments of a call: there is a limit to those.
    for (const change of ['added', 'changed', 'removed'] as const)
      all[change] = all[change].concat(found[change]);
    if (found.tables !== null) tables.push(...tableDifferences(source.name, found.tables));
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
