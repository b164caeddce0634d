import type { PostgresSource } from '../types.ts';
import { runSql } from './psql.ts';

/**
 * A row `["table", rows]` for each table with data of its own. Those of extensions are left out: CREATE EXTENSION
 * fills them. A table of the schema `public` has its bare name.
 */
export const COUNT_ROWS = `SELECT format('SELECT json_build_array(%L::text, count(*)) FROM ONLY %I.%I',
    CASE n.nspname WHEN 'public' THEN quote_ident(c.relname) ELSE format('%I.%I', n.nspname, c.relname) END,
    n.nspname, c.relname)
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND c.relpersistence <> 't'
    AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
    AND NOT EXISTS (SELECT FROM pg_depend d
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
  ORDER BY n.nspname, c.relname \\gexec
`;

/** Rows by table, from what {@link COUNT_ROWS} printed. */
export const tablesFrom = (rows: readonly unknown[]): Record<string, number> =>
  Object.fromEntries(
    rows.map((row) => {
      const [table, count] = row as [string, number];
      return [table, count];
    }),
  );

/** Rows of every table now. @throws BackupError `command-failed` */
export const countRows = async (
  source: PostgresSource,
  database: string,
  signal?: AbortSignal,
): Promise<Record<string, number>> =>
  tablesFrom(await runSql(source, COUNT_ROWS, { database, signal }));
