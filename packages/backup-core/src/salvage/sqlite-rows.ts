import { messageOf } from '@dhash/basics/message-of';
import { mustOpenReadOnly } from '../source/inspect-sqlite.ts';
import type {
  Dialect,
  ForeignKey,
  InsertJob,
  LiveRows,
  RefusedRow,
  RowStore,
  TableShape,
} from './row-store.ts';
import { openSqliteSession, quoteName, type SqliteSession } from './sqlite-session.ts';

/** Cells are literals already. */
export const sqliteDialect: Dialect = {
  isNull: (cell) => cell === 'NULL',
  shown: (cell) =>
    cell === 'NULL' ? null : cell.startsWith("'") ? cell.slice(1, -1).replaceAll("''", "'") : cell,
  literal: (cell) => cell,
  isTyped: false,
  raw: (text) => text,
};

/** Tables with data of their own: no views, no virtual tables and not what those keep, nothing of SQLite's own. */
const TABLES = `SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
  AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`;

/** `hidden`: 2 and 3 are computed columns. */
const COLUMNS = `SELECT name, type, "notnull" AS required, dflt_value AS standin, pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid`;

const tablesOf = async (session: SqliteSession): Promise<string[]> =>
  (await session.all(TABLES)).map(({ name }) => String(name));

const columnsOf = async (session: SqliteSession, table: string): Promise<string[]> =>
  (await session.all(COLUMNS, table)).map(({ name }) => String(name));

const storeOn = (session: SqliteSession, tables: readonly string[]): RowStore => ({
  tables,
  visit: async (table, visitor) => {
    if (!tables.includes(table)) return false;
    const columns = await columnsOf(session, table);
    await visitor.columns(columns);
    for await (const cells of session.scan(table, columns)) await visitor.row(cells);
    return true;
  },
});

/** SQLite takes names of tables whatever their case. */
const asWritten = (tables: readonly string[], name: string): string =>
  tables.find((table) => table.toLowerCase() === name.toLowerCase()) ?? name;

const foreignKeysOf = async (
  session: SqliteSession,
  table: string,
  tables: readonly string[],
): Promise<ForeignKey[]> => {
  const rows = await session.all(
    'SELECT id, "table" AS parent, "from" AS child, "to" AS target FROM pragma_foreign_key_list(?) ORDER BY id, seq',
    table,
  );
  const keys = new Map<unknown, { parent: string; columns: string[]; parentColumns: string[] }>();
  for (const { id, parent, child, target } of rows) {
    const key = keys.get(id) ?? {
      parent: asWritten(tables, String(parent)),
      columns: [],
      parentColumns: [],
    };
    keys.set(id, key);
    key.columns.push(String(child));
    if (target !== null) key.parentColumns.push(String(target));
  }
  const found: ForeignKey[] = [];
  for (const key of keys.values()) {
    // Without columns its parent's primary key is meant.
    if (key.parentColumns.length === 0)
      key.parentColumns.push(
        ...(
          await session.all(
            'SELECT name FROM pragma_table_info(?) WHERE pk > 0 ORDER BY pk',
            key.parent,
          )
        ).map(({ name }) => String(name)),
      );
    if (key.parentColumns.length === key.columns.length) found.push(key);
  }
  return found;
};

const uniqueOf = async (session: SqliteSession, table: string): Promise<string[][]> => {
  const indexes = await session.all(
    'SELECT name FROM pragma_index_list(?) WHERE "unique" = 1 AND partial = 0 AND origin <> \'pk\'',
    table,
  );
  const found: string[][] = [];
  for (const { name } of indexes) {
    const columns = await session.all('SELECT name FROM pragma_index_info(?)', String(name));
    if (columns.every((column) => column['name'] !== null))
      found.push(columns.map((column) => String(column['name'])));
  }
  return found;
};

const shapeOf = async (
  session: SqliteSession,
  table: string,
  tables: readonly string[],
): Promise<TableShape> => {
  const columns = await session.all(COLUMNS, table);
  const key = columns
    .filter(({ pk }) => Number(pk) > 0)
    .sort((a, b) => Number(a['pk']) - Number(b['pk']));
  // It is the row's own number, which is made where none is given.
  const isNumber = key.length === 1 && /^integer$/i.test(String(key[0]?.['type']));
  return {
    table,
    sqlName: quoteName(table),
    columns: columns.map(({ name, type, required, standin, pk }) => ({
      name: String(name),
      type: String(type),
      mustBeGiven: required === 1 && standin === null && !(isNumber && Number(pk) > 0),
    })),
    key: key.map(({ name }) => String(name)),
    unique: await uniqueOf(session, table),
    foreign: await foreignKeysOf(session, table, tables),
    triggers: (
      await session.all(
        "SELECT name FROM sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE AND sql LIKE '%insert%'",
        table,
      )
    ).map(({ name }) => String(name)),
  };
};

/** SQLITE_CONSTRAINT, and what else is about one row: a wrong type, a value that is too big (rescode.html). */
const ABOUT_A_ROW: ReadonlySet<number> = new Set([19, 20, 18, 1]);

const isAboutRow = (error: unknown): boolean =>
  error instanceof Error &&
  'errcode' in error &&
  typeof error.errcode === 'number' &&
  ABOUT_A_ROW.has(error.errcode & 0xff);

/** Keys that SQLite can't enforce (a parent that is no key) would let no row in: then the service enforces none either. */
const canEnforceKeys = async (session: SqliteSession, jobs: readonly InsertJob[]) => {
  for (const { shape } of jobs)
    try {
      await session.all(`PRAGMA foreign_key_check(${quoteName(shape.table)})`);
    } catch (error) {
      if (!isAboutRow(error)) throw error;
      return false;
    }
  return true;
};

const insertInto = async (
  session: SqliteSession,
  { shape, columns, rows }: InsertJob,
): Promise<RefusedRow[]> => {
  // ABORT: a table may say that what is in the way of a new row is replaced.
  const into = `INSERT OR ABORT INTO ${shape.sqlName} (${columns.map(quoteName).join(', ')}) VALUES`;
  let refused = new Map<number, string>();
  // A row may refer to one that comes after it: what was refused is tried again, until nothing more goes in.
  for (let isFirst = true; ; isFirst = false) {
    const still = new Map<number, string>();
    let index = 0;
    for await (const cells of rows()) {
      if (isFirst || refused.has(index))
        try {
          await session.exec(`${into} (${cells.join(', ')})`);
        } catch (error) {
          if (!isAboutRow(error) || !(await session.isTransaction())) throw error;
          still.set(index, messageOf(error));
        }
      index += 1;
    }
    const isDone = still.size === 0 || (!isFirst && still.size === refused.size);
    refused = still;
    if (isDone || ![...still.values()].some((why) => why.includes('FOREIGN KEY')))
      return [...refused].map(([at, why]) => ({ index: at, why }));
  }
};

export interface SqliteRows extends RowStore {
  close(): Promise<void>;
}

/** A database that is ours alone: a copy. */
export const sqliteCopyRows = async (path: string, signal?: AbortSignal): Promise<SqliteRows> => {
  const session = openSqliteSession({ path, readOnly: false, signal });
  await session.exec('PRAGMA query_only = ON');
  return { ...storeOn(session, await tablesOf(session)), close: () => session.close() };
};

/** A live database; nothing is written before `insert` is called. */
export const sqliteLiveRows = async (
  path: string,
  {
    access,
    busyMs,
    signal,
  }: {
    readonly access: 'read' | 'write';
    readonly busyMs: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<LiveRows & SqliteRows> => {
  const readOnly = access === 'read' && mustOpenReadOnly(path);
  const session = openSqliteSession({ path, readOnly, busyMs, signal });
  if (access === 'read') await session.exec('PRAGMA query_only = ON');
  const tables = await tablesOf(session);
  const shapes = new Map<string, TableShape>();
  for (const table of tables) shapes.set(table, await shapeOf(session, table, tables));
  return {
    ...storeOn(session, tables),
    shapes,
    query: async (sql) =>
      (await session.all(sql)).map((row) => JSON.parse(String(Object.values(row)[0])) as unknown),
    insert: async (jobs) => {
      const enforce = await canEnforceKeys(session, jobs);
      await session.exec(`PRAGMA foreign_keys = ${enforce ? 'ON' : 'OFF'}`);
      await session.exec('BEGIN IMMEDIATE');
      const refused = new Map<string, readonly RefusedRow[]>();
      for (const job of jobs) refused.set(job.shape.table, await insertInto(session, job));
      await session.exec('COMMIT');
      return refused;
    },
    close: () => session.close(),
  };
};
