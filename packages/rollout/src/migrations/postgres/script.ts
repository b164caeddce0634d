import { migrationName } from '../read-migrations.ts';
import { saysNoTransaction, splitSql } from '../sql/split-sql.ts';
import type { Direction, Migration } from '../types.ts';

const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** A dollar quote whose tag does not stand in the text. */
const dollarQuoted = (text: string): string => {
  let tag = '$m$';
  for (let n = 0; text.includes(tag); n += 1) tag = `$m${n}$`;
  return `${tag}${text}${tag}`;
};

/** Sends it as it stands: psql looks for variables and commands of its own in all that it reads itself. */
const send = (sql: string): string => `SELECT ${dollarQuoted(sql)} \\gexec\n`;

/** Prints a line of JSON; what the file's own queries answer goes nowhere. */
const say = (value: string): string => `\\o\nSELECT json_build_object(${value});\n\\o /dev/null\n`;

const clockMs = '(extract(epoch FROM clock_timestamp()) * 1000)::float8';

const userTables = `c.relkind IN ('r', 'p', 'm') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'`;

/** Names by number, for what a statement drops. */
const tables = `(SELECT coalesce(json_object_agg(c.oid, c.oid::regclass::text), '{}') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE ${userTables})`;

const locks =
  "(SELECT coalesce(json_agg(json_build_array(l.relation, l.mode)), '[]') FROM pg_locks l WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation' AND l.granted AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()))";

const changedRows =
  '(SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables)';

const table = `CREATE TABLE IF NOT EXISTS schema_migrations (
  version integer PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL);\n`;

/** What our own sessions need; the rest is the role's, as its service has it. */
const session = `SET client_min_messages = warning;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
\\o /dev/null
`;

const bookkeeping = (
  { version, name, checksum }: Migration,
  direction: Direction,
  at: number,
): string =>
  direction === 'forward'
    ? `INSERT INTO schema_migrations VALUES (${version}, ${quoteText(name)}, ${quoteText(checksum)}, ${quoteText(new Date(at).toISOString())});\n`
    : `DELETE FROM schema_migrations WHERE version = ${version};\n`;

/** Ends where it is done already: a run that was cut off begins from its start again. */
const unlessDone = ({ version }: Migration, direction: Direction): string =>
  `SELECT (SELECT count(*) FROM schema_migrations WHERE version = ${version}) = ${direction === 'forward' ? 1 : 0} AS done \\gset
\\if :done
\\o
SELECT json_build_object('done', true);
\\q
\\endif\n`;

/** Ends before the row is written where the statement's own index is unusable: IF NOT EXISTS takes such a one for done. */
const unlessInvalid = (statement: string): string =>
  `SELECT count(*) > 0 AS has_invalid, coalesce(json_agg(c.relname), '[]') AS invalid FROM pg_index JOIN pg_class c ON c.oid = indexrelid
  WHERE NOT indisvalid AND position(lower(c.relname) IN lower(${dollarQuoted(statement)})) > 0 \\gset
\\if :has_invalid
\\o
SELECT json_build_object('invalid', :'invalid'::json);
\\q
\\endif\n`;

export interface ScriptOptions {
  readonly direction: Direction;
  /** Unix epoch, ms. */
  readonly at: number;
  /** Longest that a statement waits for a lock, ms. */
  readonly lockTimeoutMs: number;
}

/**
 * The script of psql that applies one migration, or takes it back: the file and its row of `schema_migrations` in one
 * transaction, or, where the file says `-- no-transaction`, its one statement and then the row. Prints a line of JSON
 * after each statement. Pure.
 */
export const scriptOf = (
  migration: Migration,
  { direction, at, lockTimeoutMs }: ScriptOptions,
): string => {
  const sql = direction === 'forward' ? migration.up : migration.down;
  if (sql === null) throw new Error(`${migrationName(migration)} has no down file`);
  const { statements } = splitSql(sql, 'postgres');
  const book = bookkeeping(migration, direction, at);
  const began = (index: number) => say(`'began', ${index}, 'atMs', ${clockMs}`);
  if (saysNoTransaction(sql, 'postgres'))
    return [
      session,
      `SET lock_timeout = ${lockTimeoutMs};\n`,
      table,
      unlessDone(migration, direction),
      began(0),
      ...statements.map(({ text }) => send(text)),
      say(`'ended', 0, 'atMs', ${clockMs}`),
      ...statements.map(({ text }) => unlessInvalid(text)),
      book,
    ].join('');
  return [
    session,
    'BEGIN;\n',
    `SET LOCAL lock_timeout = ${lockTimeoutMs};\n`,
    table,
    // Whoever else migrates waits until this one is through.
    'LOCK TABLE schema_migrations IN SHARE ROW EXCLUSIVE MODE;\n',
    unlessDone(migration, direction),
    say(`'tables', ${tables}, 'locks', ${locks}`),
    ...statements.flatMap(({ text }, index) => [
      began(index),
      send(text),
      say(`'ended', ${index}, 'atMs', ${clockMs}, 'tables', ${tables}, 'locks', ${locks}`),
    ]),
    say(`'changedRows', ${changedRows}`),
    book,
    'COMMIT;\n',
    say(`'committed', true`),
  ].join('');
};
