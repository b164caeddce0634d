import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { realDisk } from '../disk.ts';
import { type OpenBackup, openBackup } from '../read-backup.ts';
import type { DataSource, FilesSource, PostgresSource, SqliteSource } from '../types.ts';
import { verifyOpen } from '../verify-backup.ts';
import { type Opened, withStores } from './open-stores.ts';
import type { Cells, Dialect, LiveRows } from './row-store.ts';
import { type FoundFile, type PutFiles, putFiles, salvageFiles } from './salvage-files.ts';
import { type FoundTables, salvageTables } from './salvage-tables.ts';

export interface SalvageOptions {
  /** The zip of what was set aside. */
  readonly copy: string;
  /** The zip that the release began with; null where it is not there any more. */
  readonly base: string | null;
  /** The sources as configured. */
  readonly sources: readonly DataSource[];
  /** An empty folder (0700) for copies of databases and for what is found; it must outlive what is returned. */
  readonly work: string;
  /** How long a SQLite database may stay locked by its service before this gives up, ms. Default: 10 s. */
  readonly busyMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** What was written to a source between the backup and what was set aside. */
export type FoundSource =
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly FoundFile[] }
  | ({ readonly kind: 'tables'; readonly name: string; readonly dialect: Dialect } & FoundTables)
  | { readonly kind: 'unread'; readonly name: string; readonly why: string };

/** Which rows and files are to be put in. */
export interface SalvageChoice {
  isTable(source: string, table: string): boolean;
  isFile(source: string, path: string): boolean;
}

/** A row that the database would not take. */
export interface RefusedCells {
  readonly cells: Cells;
  readonly why: string;
}

/** What was put into a source. */
export type PutSource =
  | ({ readonly kind: 'files'; readonly name: string } & PutFiles)
  | {
      readonly kind: 'tables';
      readonly name: string;
      readonly tables: readonly {
        readonly table: string;
        readonly inserted: number;
        readonly refused: readonly RefusedCells[];
      }[];
    };

const holds = (backup: OpenBackup, { name, type }: DataSource): boolean =>
  backup.manifest.sources.some((source) => source.name === name && source.type === type);

const withBackups = async <T>(
  { copy, base, signal }: SalvageOptions,
  use: (opened: Opened) => Promise<T>,
): Promise<T> =>
  openBackup(copy, async (opened) => {
    await verifyOpen(opened, { signal });
    if (base === null) return use({ copy: opened, base: null });
    return openBackup(base, async (before) => {
      await verifyOpen(before, { signal });
      return use({ copy: opened, base: before });
    });
  });

type Visit<T> = (visited: {
  readonly source: FilesSource | SqliteSource | PostgresSource;
  readonly opened: Opened;
  readonly options: SalvageOptions;
}) => Promise<T>;

/** Each source of the copy in turn, with a folder of its own, and with what can't be looked into. */
const eachSource = async <T>(
  options: SalvageOptions,
  opened: Opened,
  visit: Visit<T>,
  unread: (name: string, why: string) => T | null,
): Promise<T[]> => {
  const found: T[] = [];
  for (const { name, type } of opened.copy.manifest.sources) {
    const source = options.sources.find((one) => one.name === name && one.type === type);
    if (source === undefined || source.type === 'command' || source.type === 'external') {
      const why =
        source === undefined
          ? 'the configuration has no such source any more'
          : 'what its commands took is known to them alone';
      const told = unread(name, why);
      if (told !== null) found.push(told);
      continue;
    }
    const work = join(options.work, name);
    await mkdir(work, { mode: 0o700 });
    const base = opened.base !== null && holds(opened.base, source) ? opened.base : null;
    found.push(
      await visit({ source, opened: { copy: opened.copy, base }, options: { ...options, work } }),
    );
  }
  return found;
};

/**
 * Finds what was written between a backup and what was set aside later, and how it stands to what is live now. Reads only.
 *
 * @throws BackupError as `verifyBackup`; `no-space`, `command-failed`, `server-lost`
 */
export const findSalvage = (options: SalvageOptions): Promise<FoundSource[]> =>
  withBackups(options, (opened) => findIn(options, opened));

const findIn = (options: SalvageOptions, all: Opened): Promise<FoundSource[]> =>
  eachSource<FoundSource>(
    options,
    all,
    async ({ source, opened, options: own }) => {
      const { name } = source;
      if (source.type === 'files')
        return { kind: 'files', name, files: await salvageFiles(source, opened, own.signal) };
      return withStores(source, opened, own, 'read', async (stores) => ({
        ...{ kind: 'tables', name, dialect: stores.dialect },
        ...(await salvageTables(stores, own.work)),
      }));
    },
    (name, why) => ({ kind: 'unread', name, why }),
  );

/**
 * Brings files that were found into another folder, for people to look at.
 *
 * @param to absolute; made (0700) where it is missing
 */
export const bringFound = (
  copy: string,
  {
    source,
    files,
    to,
  }: { readonly source: string; readonly files: readonly FoundFile[]; readonly to: string },
  signal?: AbortSignal,
): Promise<PutFiles> =>
  openBackup(copy, async (opened) => {
    await realDisk.mkdir(to, { mode: 0o700, recursive: true });
    const job = { copy: opened, files, id: 'review', disk: realDisk, signal };
    return putFiles({ name: source, type: 'files', path: to }, job);
  });

const insertChosen = async (
  live: LiveRows,
  { tables }: FoundTables,
  isChosen: (table: string) => boolean,
) => {
  const chosen = tables.filter(({ table, inserts }) => inserts > 0 && isChosen(table));
  const refused =
    chosen.length === 0
      ? new Map<string, []>()
      : await live.insert(
          chosen.map(({ shape, columns, insertFile }) => ({
            shape,
            columns,
            rows: () => insertFile.read(),
          })),
        );
  const put: Extract<PutSource, { kind: 'tables' }>['tables'][number][] = [];
  for (const { table, inserts, insertFile } of chosen) {
    const out = refused.get(table) ?? [];
    const why = new Map(out.map((each) => [each.index, each.why]));
    const cells: RefusedCells[] = [];
    let index = 0;
    if (why.size > 0)
      for await (const row of insertFile.read()) {
        const said = why.get(index);
        if (said !== undefined) cells.push({ cells: row, why: said });
        index += 1;
      }
    put.push({ table, inserted: inserts - out.length, refused: cells });
  }
  return put;
};

/** What was found, and what was put in. */
export interface Salvaged {
  readonly found: readonly FoundSource[];
  readonly put: readonly PutSource[];
}

/**
 * Finds the same, and puts in what was chosen of it and stands against nothing: the rows of a database in one transaction,
 * files by names that are free. Done again, it finds all of that live already.
 *
 * @throws BackupError as `findSalvage`; of the database at hand nothing is put in then
 */
export const putSalvage = (
  options: SalvageOptions & {
    readonly choice: SalvageChoice;
    /** Part of a hidden folder's name. */
    readonly id: string;
    /** Told after each source. */
    readonly onPut: (put: PutSource) => Promise<void>;
  },
): Promise<Salvaged> =>
  withBackups(options, async (all) => {
    const { choice, id, onPut } = options;
    const put: PutSource[] = [];
    const done = async (one: PutSource): Promise<void> => {
      put.push(one);
      await onPut(one);
    };
    const found = await eachSource<FoundSource>(
      options,
      all,
      async ({ source, opened, options: own }) => {
        const { name } = source;
        if (source.type === 'files') {
          const files = await salvageFiles(source, opened, own.signal);
          const chosen = files.filter(
            ({ path, state }) => state === 'new' && choice.isFile(name, path),
          );
          if (chosen.length > 0) {
            const job = {
              copy: opened.copy,
              files: chosen,
              id,
              disk: realDisk,
              signal: own.signal,
            };
            await done({ kind: 'files', name, ...(await putFiles(source, job)) });
          }
          return { kind: 'files', name, files };
        }
        return withStores(source, opened, own, 'write', async (stores) => {
          const tables = await salvageTables(stores, own.work);
          const inserted = await insertChosen(stores.live, tables, (table) =>
            choice.isTable(name, table),
          );
          if (inserted.length > 0) await done({ kind: 'tables', name, tables: inserted });
          return { kind: 'tables', name, dialect: stores.dialect, ...tables };
        });
      },
      (name, why) => ({ kind: 'unread', name, why }),
    );
    return { found, put };
  });
