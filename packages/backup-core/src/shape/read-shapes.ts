import { existsSync } from 'node:fs';
import { countPostgresRows } from '../postgres/count-rows.ts';
import { databaseOf, runSql } from '../postgres/psql.ts';
import { inspectSqlite } from '../source/inspect-sqlite.ts';
import type { DataSource, PostgresSource } from '../types.ts';

/** Tables of a database, each with its columns and rows; `null`: they were not counted. */
export type DataShape = Readonly<
  Record<string, { readonly columns: readonly string[]; readonly rows: number | null }>
>;

export interface ShapeOptions {
  /** Whether rows are counted, which reads all of each table. */
  readonly counts: boolean;
  readonly signal?: AbortSignal;
}

/** Named as `COUNT_ROWS` names them. */
const COLUMNS = `SELECT json_build_array(
    CASE n.nspname WHEN 'public' THEN quote_ident(c.relname) ELSE format('%I.%I', n.nspname, c.relname) END,
    (SELECT coalesce(json_agg(a.attname ORDER BY a.attnum), '[]') FROM pg_attribute a
      WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped))
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_';
`;

const shapeOf = (
  columns: readonly (readonly [string, readonly string[]])[],
  rows: Readonly<Record<string, number>>,
): DataShape =>
  Object.fromEntries(
    columns.map(([table, names]) => [table, { columns: names, rows: rows[table] ?? null }]),
  );

const ofPostgres = async (
  source: PostgresSource,
  { counts, signal }: ShapeOptions,
): Promise<DataShape> => {
  const columns = await runSql(source, COLUMNS, { database: databaseOf(source), signal });
  const rows = counts ? await countPostgresRows(source, signal) : {};
  return shapeOf(columns as [string, string[]][], rows);
};

/**
 * What the databases among these hold now, by source: tables, columns, rows. Others, and a file that is not there, are
 * left out.
 *
 * @throws BackupError `sqlite-damaged`, `command-failed`, `server-lost`
 */
export const readShapes = async (
  sources: readonly DataSource[],
  options: ShapeOptions,
): Promise<Record<string, DataShape>> => {
  const shapes: Record<string, DataShape> = {};
  for (const source of sources) {
    if (source.type === 'postgres') shapes[source.name] = await ofPostgres(source, options);
    if (source.type === 'sqlite' && existsSync(source.path)) {
      const { counts, signal } = options;
      const live = { path: source.path, kind: 'live', counts } as const;
      const { tables, columns } = await inspectSqlite(live, signal);
      shapes[source.name] = shapeOf(Object.entries(columns), tables);
    }
  }
  return shapes;
};
