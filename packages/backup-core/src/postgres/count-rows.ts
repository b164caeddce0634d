import type { PostgresSource } from '../types.ts';
import { databaseOf, runSql } from './psql.ts';

/** A statement for each table with data of its own. Those of extensions are left out: CREATE EXTENSION fills them. */
const forEachTable = (values: string, more = ''): string =>
  `SELECT format('SELECT json_build_array(%L::text, ${values}) FROM ONLY %I.%I AS dhash_row',
    CASE n.nspname WHEN 'public' THEN quote_ident(c.relname) ELSE format('%I.%I', n.nspname, c.relname) END,
    ${more}n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname \\gexec
`;

/** A row `["table", rows]` for each. A table of the schema `public` has its bare name. */
export const COUNT_ROWS = forEachTable('count(*)');

/**
 * A row `["table", rows, digest]` for each. The digest tells whether what is in the rows is the same, in whatever order: the
 * sum of hashes of their texts, null of a server that has no such hash (before PostgreSQL 11). Texts do not depend on the
 * session (see `SESSION`).
 */
export const READ_ROWS = forEachTable(
  'count(*), %s',
  `CASE WHEN current_setting('server_version_num')::int >= 110000
      THEN 'coalesce(sum(hashtextextended((dhash_row.*)::text, 0)::numeric), 0)::text' ELSE 'NULL' END,
    `,
);

/** Rows by table, and a digest of each where the server makes any. */
export interface Rows {
  readonly tables: Record<string, number>;
  readonly digests: Record<string, string>;
}

export const rowsFrom = (rows: readonly unknown[]): Rows => {
  const read = rows.map((row) => row as [string, number, string | null]);
  return {
    tables: Object.fromEntries(read.map(([table, count]) => [table, count])),
    digests: Object.fromEntries(
      read.flatMap(([table, , digest]) => (digest === null ? [] : [[table, digest]])),
    ),
  };
};

/** Rows of every table now. @throws BackupError `command-failed` */
export const countRows = async (
  source: PostgresSource,
  database: string,
  signal?: AbortSignal,
): Promise<Record<string, number>> => {
  const rows = await runSql(source, COUNT_ROWS, { database, signal });
  return Object.fromEntries(rows.map((row) => row as [string, number]));
};

/** The same with digests. @throws BackupError `command-failed` */
export const readRows = async (
  source: PostgresSource,
  database: string,
  signal?: AbortSignal,
): Promise<Rows> => rowsFrom(await runSql(source, READ_ROWS, { database, signal }));

/** Rows of every table of the database that a source names now. @throws BackupError `command-failed`, `server-lost` */
export const countPostgresRows = (
  source: PostgresSource,
  signal?: AbortSignal,
): Promise<Record<string, number>> => countRows(source, databaseOf(source), signal);
