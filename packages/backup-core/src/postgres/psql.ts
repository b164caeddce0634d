import { BackupError } from '../errors.ts';
import { type ProcessRequest, runProcess } from '../process/run-process.ts';
import type { PostgresSource } from '../types.ts';
import { type Connection, parseConnection } from './connection.ts';

/** Identifiers and texts in SQL. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** The value that `\\set` gives to a variable of psql. */
export const quoteVariable = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** @throws TypeError where the source was never checked */
const connectionOf = (source: PostgresSource): Connection => {
  const parsed = parseConnection(source.url);
  if ('problem' in parsed) throw new TypeError(`the url of "${source.name}" ${parsed.problem}`);
  return parsed;
};

export const databaseOf = (source: PostgresSource): string =>
  source.database ?? connectionOf(source).database;

/** Environment of a program that works on one database of the source's server. */
export const environmentFor = (
  source: PostgresSource,
  database: string,
): Record<string, string | undefined> => ({
  ...source.env,
  ...connectionOf(source).env,
  PGDATABASE: database,
  // A service file would win over the rest.
  PGSERVICE: undefined,
  PGAPPNAME: 'dhash-backup',
  // Their messages are read.
  LC_ALL: 'C',
});

/**
 * Settings of our own sessions, in one line before anything else. What a service sets for its sessions, on its role or
 * database, would cut ours off (limits) or change what a statement means (`search_path`); a limit that not each version knows
 * is looked for. Texts of rows look the same wherever they are read.
 */
export const SESSION = `${[
  'SET statement_timeout = 0',
  'SET lock_timeout = 0',
  'SET idle_in_transaction_session_timeout = 0',
  'SET default_transaction_read_only = off',
  'SET search_path = pg_catalog',
  "SET client_encoding = 'UTF8'",
  'SET standard_conforming_strings = on',
  'SET quote_all_identifiers = off',
  'SET extra_float_digits = 1',
  "SET DateStyle = 'ISO, YMD'",
  "SET IntervalStyle = 'postgres'",
  "SET TimeZone = 'UTC'",
  "SET bytea_output = 'hex'",
  "SELECT count(set_config(name, '0', false)) AS limits FROM pg_settings WHERE name IN ('idle_session_timeout', 'transaction_timeout') \\gset",
].join('; ')}\n`;

/** The same for a program that takes no statements of ours: what libpq sends as it connects wins over role and database. */
const SESSION_OPTIONS = [
  'default_transaction_read_only=off',
  'statement_timeout=0',
  'lock_timeout=0',
  'idle_in_transaction_session_timeout=0',
]
  .map((setting) => `-c ${setting}`)
  .join(' ');

/** Environment of a program that writes into a database. */
export const writerEnvironment = (
  source: PostgresSource,
  database: string,
): Record<string, string | undefined> => {
  const env = environmentFor(source, database);
  const own = env['PGOPTIONS'] ?? process.env['PGOPTIONS'];
  return { ...env, PGOPTIONS: [own, SESSION_OPTIONS].filter((each) => each).join(' ') };
};

/**
 * What libpq says where a server is not there (or lets nobody in), or ends a session: programs have one exit code for
 * that and for what is wrong with the data. Its messages in LC_ALL=C; a server's own may be in any language.
 */
const LOST =
  /connection to server .* failed|(?:server closed the|SSL) connection (?:has been closed )?unexpectedly|could not (?:receive data from|send data to) server|no connection to the server/;

/**
 * Runs a program that talks with a source's server.
 *
 * @throws BackupError `server-lost` where that went away, else `command-failed`
 */
export const runClient = async (
  source: PostgresSource,
  database: string,
  request: ProcessRequest,
): Promise<void> => {
  try {
    await runProcess({ env: environmentFor(source, database), ...request });
  } catch (error) {
    if (error instanceof BackupError && error.code === 'command-failed' && LOST.test(error.message))
      throw new BackupError('server-lost', error.message, { cause: error });
    throw error;
  }
};

/** No file of the user's, no prompt, bare values; stops at the first error. */
export const PSQL = ['psql', '-X', '-w', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'] as const;

/**
 * Runs SQL, which goes through standard input; each row must be one JSON value.
 *
 * @throws BackupError `command-failed`, with what the server said; `server-lost`
 */
export const runSql = async (
  source: PostgresSource,
  sql: string,
  { database, signal }: { database: string; signal?: AbortSignal | undefined },
): Promise<unknown[]> => {
  const parts: Buffer[] = [];
  async function* input() {
    yield SESSION + sql;
  }
  await runClient(source, database, {
    what: `psql on the database "${database}" of the source "${source.name}"`,
    command: PSQL,
    input: input(),
    onOutput: (part) => {
      parts.push(part);
    },
    signal,
  });
  return Buffer.concat(parts)
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);
};
