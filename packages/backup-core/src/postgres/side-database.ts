import { createHash } from 'node:crypto';
import { BackupError } from '../errors.ts';
import type { DatabaseTarget } from '../restore/staged-target.ts';
import type { PostgresSource } from '../types.ts';
import { quoteName, quoteText, runSql } from './psql.ts';

/** PostgreSQL cuts longer names off without an error (NAMEDATALEN - 1), and two could become one. */
const NAME_BYTES = 63;

/** `<live>_<role>_<id>`; where that is too long, a hash stands for its end. */
export const sideName = (live: string, role: 'restore' | 'prev', id: string): string => {
  const name = `${live}_${role}_${id}`;
  if (Buffer.byteLength(name) <= NAME_BYTES) return name;
  const hash = createHash('sha256').update(`${live}\0${id}`).digest('hex').slice(0, 20);
  const rest = NAME_BYTES - `_${role}_${hash}`.length;
  const start = Buffer.from(live)
    .subarray(0, rest)
    .toString('utf8')
    .replace(/\uFFFD+$/, '');
  return `${start}_${role}_${hash}`;
};

/** Which of the three databases of a restore exist. */
export const databasesThere = async (
  source: PostgresSource,
  { live, staged, previous }: DatabaseTarget,
  signal?: AbortSignal,
): Promise<{ live: boolean; staged: boolean; previous: boolean }> => {
  const rows = await runSql(
    source,
    `SELECT to_json(datname) FROM pg_database WHERE datname IN (${[live, staged, previous].map(quoteText).join(', ')});`,
    { signal },
  );
  return {
    live: rows.includes(live),
    staged: rows.includes(staged),
    previous: rows.includes(previous),
  };
};

/** Settings that are lists of names: their stored text is SQL already (pg_dump: variable_is_guc_list_quote). */
const NAME_LISTS =
  "'local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'";

/**
 * Makes an empty database like the live one: owner, encoding, locale, tablespace, limit, settings, rights, comment.
 * What differs between versions of the catalog is read through JSON.
 *
 * @throws BackupError `not-restorable` where there is no live one, `command-failed` where that is not allowed
 */
export const createLike = async (
  source: PostgresSource,
  { live, staged }: DatabaseTarget,
  signal?: AbortSignal,
): Promise<void> => {
  const like = quoteText(live);
  const statements = await runSql(
    source,
    `
SELECT to_json(format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L%s TABLESPACE %I CONNECTION LIMIT %s',
    ${quoteText(staged)}, pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
    CASE to_jsonb(d)->>'datlocprovider'
      WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale'))
      WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(d)->>'datlocale')
      ELSE '' END,
    t.spcname, d.datconnlimit))
  FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = ${like};
SELECT to_json(format('ALTER %s SET %I TO %s',
    CASE WHEN s.setrole = 0 THEN format('DATABASE %I', ${quoteText(staged)})
      ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), ${quoteText(staged)}) END,
    split_part(c, '=', 1),
    CASE WHEN split_part(c, '=', 1) IN (${NAME_LISTS}) AND substr(c, strpos(c, '=') + 1) <> '""'
      THEN substr(c, strpos(c, '=') + 1)
      WHEN substr(c, strpos(c, '=') + 1) = '""' THEN ''''''
      ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END))
  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c
  WHERE d.datname = ${like};
SELECT to_json(format('REVOKE ALL ON DATABASE %I FROM PUBLIC', ${quoteText(staged)}))
  FROM pg_database WHERE datname = ${like} AND datacl IS NOT NULL;
SELECT to_json(format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, ${quoteText(staged)},
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END))
  FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = ${like};
SELECT to_json(format('COMMENT ON DATABASE %I IS %L', ${quoteText(staged)}, shobj_description(oid, 'pg_database')))
  FROM pg_database WHERE datname = ${like} AND shobj_description(oid, 'pg_database') IS NOT NULL;
`,
    { signal },
  );
  if (statements.length === 0)
    throw new BackupError(
      'not-restorable',
      `the database "${live}" of the source "${source.name}" is not on its server: make it (createdb), with the owner and encoding that it should have, and restore again`,
    );
  await runSql(source, statements.map((each) => `${String(each)};\n`).join(''), { signal });
};

/** Removes databases, whoever is still in them; those that are gone are as good. */
export const dropDatabases = async (
  source: PostgresSource,
  names: readonly string[],
): Promise<void> => {
  await runSql(
    source,
    `SET client_min_messages = warning;\n${names.map((name) => `${endSessions(name)}DROP DATABASE IF EXISTS ${quoteName(name)};\n`).join('')}`,
  );
};

const endSessions = (database: string): string =>
  `SELECT to_json(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = ${quoteText(database)} AND pid <> pg_backend_pid();\n`;

/**
 * Renames databases in one transaction: all of it is done or nothing. Nobody can be in a database that is renamed, so
 * first the door is shut, then its sessions end; with the names, the doors are opened again.
 */
export const renameDatabases = async (
  source: PostgresSource,
  renames: readonly { readonly from: string; readonly to: string }[],
): Promise<void> => {
  const sql = [
    ...renames.map(({ from }) => `ALTER DATABASE ${quoteName(from)} ALLOW_CONNECTIONS false;\n`),
    ...renames.map(({ from }) => endSessions(from)),
    'BEGIN;\n',
    ...renames.map(
      ({ from, to }) => `ALTER DATABASE ${quoteName(from)} RENAME TO ${quoteName(to)};\n`,
    ),
    ...renames.map(({ to }) => `ALTER DATABASE ${quoteName(to)} ALLOW_CONNECTIONS true;\n`),
    'COMMIT;\n',
  ];
  await runSql(source, sql.join(''));
};

/** Lets sessions in again, where a rename that was cut off had shut the door. */
export const openDatabase = async (source: PostgresSource, name: string): Promise<void> => {
  await runSql(source, `ALTER DATABASE ${quoteName(name)} ALLOW_CONNECTIONS true;\n`);
};
