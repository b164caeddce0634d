import { onlyFileOf } from '../backup-files.ts';
import { databaseOf, PSQL, quoteName, runClient, runSql, SESSION } from '../postgres/psql.ts';
import { runProcess } from '../process/run-process.ts';
import type { OpenBackup } from '../read-backup.ts';
import type { PostgresSource } from '../types.ts';
import { readEntry } from '../zip/read-entry.ts';
import { copyScriptReader, lineReader } from './copy-text.ts';
import { insertRows } from './postgres-insert.ts';
import type { LiveRows, RowStore, TableShape } from './row-store.ts';

type Signal = AbortSignal | undefined;

/** The schema and the bare name of a table, of the names that manifests have. */
const partsOf = (table: string): readonly [string, string] => {
  const parts = (table.match(/"(?:[^"]|"")*"|[^".]+/g) ?? []).map((part) =>
    part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part,
  );
  return parts.length === 2 ? [parts[0] ?? '', parts[1] ?? ''] : ['public', parts[0] ?? ''];
};

/** Tables of a dump in a backup, read without a server. */
export const postgresDumpRows = (
  backup: OpenBackup,
  { name: source, env }: PostgresSource,
  signal: Signal,
): RowStore => {
  const recorded = backup.manifest.sources.find(({ name }) => name === source)?.tables ?? {};
  const dump = onlyFileOf(backup.files, source);
  return {
    tables: Object.keys(recorded),
    visit: async (table, visitor) => {
      if (dump === null) return false;
      const [schema, name] = partsOf(table);
      const script = copyScriptReader(visitor);
      const lines = lineReader(script.line);
      await runProcess({
        what: `pg_restore of the table ${table} of the source "${source}"`,
        command: ['pg_restore', '--data-only', '-n', schema, '-t', name, '-f', '-'],
        env: { ...env, LC_ALL: 'C' },
        input: readEntry(backup, dump.entry, { sha256: '' }, signal),
        onOutput: lines.push,
        signal,
      });
      return script.isFound;
    },
  };
};

const array = (of: string, from: string, order: string) =>
  `(SELECT coalesce(json_agg(${of} ORDER BY ${order}), '[]') FROM ${from})`;

const columnNames = (relation: string, numbers: string) =>
  array(
    'a.attname',
    `unnest(${numbers}) WITH ORDINALITY AS k(number, place) JOIN pg_attribute a ON a.attrelid = ${relation} AND a.attnum = k.number`,
    'k.place',
  );

const tableName = (schema: string, name: string) =>
  `CASE ${schema} WHEN 'public' THEN quote_ident(${name}) ELSE format('%I.%I', ${schema}, ${name}) END`;

/** A row for each table with data of its own; the same tables as COUNT_ROWS. */
const SHAPES = `SELECT json_build_object(
  'table', ${tableName('n.nspname', 'c.relname')},
  'sqlName', format('%I.%I', n.nspname, c.relname),
  'columns', ${array(
    `json_build_object('name', a.attname, 'type', format_type(a.atttypid, a.atttypmod),
      'mustBeGiven', a.attnotnull AND NOT a.atthasdef AND to_jsonb(a)->>'attidentity' IS NOT DISTINCT FROM '')`,
    `pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND coalesce(to_jsonb(a)->>'attgenerated', '') = ''`,
    'a.attnum',
  )},
  'key', coalesce((SELECT ${columnNames('c.oid', 'p.conkey')} FROM pg_constraint p WHERE p.conrelid = c.oid AND p.contype = 'p'), '[]'),
  'unique', ${array(
    columnNames('c.oid', 'i.indkey::smallint[]'),
    `pg_index i WHERE i.indrelid = c.oid AND i.indisunique AND NOT i.indisprimary AND i.indpred IS NULL AND i.indexprs IS NULL`,
    'i.indexrelid',
  )},
  'foreign', ${array(
    `json_build_object('columns', ${columnNames('c.oid', 'f.conkey')}, 'parentColumns', ${columnNames('f.confrelid', 'f.confkey')},
      'parent', ${tableName('pn.nspname', 'pc.relname')})`,
    `pg_constraint f JOIN pg_class pc ON pc.oid = f.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace WHERE f.conrelid = c.oid AND f.contype = 'f'`,
    'f.conname',
  )},
  'triggers', ${array(
    't.tgname',
    `pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled <> 'D' AND (t.tgtype & 4) <> 0`,
    't.tgname',
  )})
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY n.nspname, c.relname;
`;

/** What pg_dump leaves as the server has it: texts must be those of a dump. */
const AS_DUMPED = `RESET TimeZone;
RESET bytea_output;
SET extra_float_digits = 3;
SET row_security = off;
SELECT set_config('client_encoding', getdatabaseencoding(), false) IS NULL AS unset \\gset
`;

/** A live database; nothing is written before `insert` is called. */
export const postgresLiveRows = async (
  source: PostgresSource,
  signal: Signal,
): Promise<LiveRows> => {
  const database = databaseOf(source);
  const shapes = new Map(
    (await runSql(source, SHAPES, { database, signal })).map((row): [string, TableShape] => {
      // The statement makes it.
      const shape = row as TableShape;
      return [shape.table, shape];
    }),
  );
  return {
    tables: [...shapes.keys()],
    shapes,
    visit: async (table, visitor) => {
      const shape = shapes.get(table);
      if (shape === undefined) return false;
      const columns = shape.columns.map(({ name }) => name);
      await visitor.columns(columns);
      const lines = lineReader((line) => visitor.row(line === '' ? [''] : line.split('\t')));
      await runClient(source, database, {
        what: `psql reading the table ${table} of the source "${source.name}"`,
        command: PSQL,
        input: (async function* () {
          yield `${SESSION}${AS_DUMPED}COPY ${shape.sqlName} (${columns.map(quoteName).join(', ')}) TO STDOUT;\n`;
        })(),
        onOutput: lines.push,
        signal,
      });
      return true;
    },
    query: async (sql) => {
      const answers: unknown[] = [];
      const lines = lineReader((line) => {
        answers.push(JSON.parse(line));
      });
      await runClient(source, database, {
        what: `psql comparing rows with the database "${database}" of the source "${source.name}"`,
        command: PSQL,
        input: (async function* () {
          yield `${SESSION}${AS_DUMPED}SET default_transaction_read_only = on;\n`;
          yield Buffer.from(`${sql};\n`, 'latin1');
        })(),
        onOutput: lines.push,
        signal,
      });
      return answers;
    },
    insert: (jobs) => insertRows(source, jobs, { database, preamble: AS_DUMPED, signal }),
  };
};
