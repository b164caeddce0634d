/** Settings that are lists of names: their stored text is SQL already (pg_dump: variable_is_guc_list_quote). */
const NAME_LISTS =
  "'local_preload_libraries', 'search_path', 'session_preload_libraries', 'shared_preload_libraries', 'temp_tablespaces', 'unix_socket_directories'";

/**
 * Queries whose rows are the statements that make an empty database like another: owner, encoding, locale, tablespace,
 * limit, settings, rights, comment. No row where there is no such database. What differs between versions of the catalog
 * is read through JSON. For psql, whose variables `live` and `staged` name the two.
 */
export const STATEMENTS_LIKE: readonly string[] = [
  `SELECT format('CREATE DATABASE %I TEMPLATE template0 OWNER %I ENCODING %L LC_COLLATE %L LC_CTYPE %L%s%s CONNECTION LIMIT %s',
    :'staged', pg_get_userbyid(d.datdba), pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,
    CASE to_jsonb(d)->>'datlocprovider'
      WHEN 'i' THEN format(' LOCALE_PROVIDER icu ICU_LOCALE %L', coalesce(to_jsonb(d)->>'daticulocale', to_jsonb(d)->>'datlocale'))
      WHEN 'b' THEN format(' LOCALE_PROVIDER builtin BUILTIN_LOCALE %L', to_jsonb(d)->>'datlocale')
      ELSE '' END,
    -- Whoever NAMES a tablespace needs a right to it, of the default one too.
    CASE WHEN d.dattablespace = (SELECT dattablespace FROM pg_database WHERE datname = 'template0') THEN ''
      ELSE format(' TABLESPACE %I', t.spcname) END,
    d.datconnlimit)
  FROM pg_database d JOIN pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = :'live'`,
  `SELECT format('ALTER %s SET %I TO %s',
    CASE WHEN s.setrole = 0 THEN format('DATABASE %I', :'staged')
      ELSE format('ROLE %I IN DATABASE %I', pg_get_userbyid(s.setrole), :'staged') END,
    split_part(c, '=', 1),
    CASE WHEN split_part(c, '=', 1) IN (${NAME_LISTS}) AND substr(c, strpos(c, '=') + 1) <> '""'
      THEN substr(c, strpos(c, '=') + 1)
      WHEN substr(c, strpos(c, '=') + 1) = '""' THEN ''''''
      ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END)
  FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase, unnest(s.setconfig) c
  WHERE d.datname = :'live'`,
  `SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'staged')
  FROM pg_database WHERE datname = :'live' AND datacl IS NOT NULL`,
  `SELECT format('GRANT %s ON DATABASE %I TO %s%s', a.privilege_type, :'staged',
    CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
    CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM pg_database d, aclexplode(d.datacl) a WHERE d.datname = :'live'`,
  `SELECT format('COMMENT ON DATABASE %I IS %L', :'staged', shobj_description(oid, 'pg_database'))
  FROM pg_database WHERE datname = :'live' AND shobj_description(oid, 'pg_database') IS NOT NULL`,
];
