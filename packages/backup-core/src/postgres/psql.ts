import { runProcess } from '../process/run-process.ts';
import type { PostgresSource } from '../types.ts';
import { type Connection, parseConnection } from './connection.ts';

/** Identifiers and texts in SQL. */
export const quoteName = (name: string): string => `"${name.replaceAll('"', '""')}"`;
export const quoteText = (text: string): string => `'${text.replaceAll("'", "''")}'`;
/** The value that `\\set` gives to a variable of psql. */
export const quoteVariable = (text: string): string =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;

/** Database that is there on every server, for statements that no session of the data itself may run. */
const MAINTENANCE = 'postgres';

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
  ...connectionOf(source).env,
  PGDATABASE: database,
  // A service file would win over the rest.
  PGSERVICE: undefined,
  PGAPPNAME: 'dhash-backup',
});

/** No file of the user's, no prompt, bare values; stops at the first error. */
export const PSQL = ['psql', '-X', '-w', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'] as const;

/**
 * Runs SQL, which goes through standard input; each row must be one JSON value.
 *
 * @throws BackupError `command-failed`, with what the server said
 */
export const runSql = async (
  source: PostgresSource,
  sql: string,
  { database = MAINTENANCE, signal }: { database?: string; signal?: AbortSignal | undefined } = {},
): Promise<unknown[]> => {
  const parts: Buffer[] = [];
  async function* input() {
    yield sql;
  }
  await runProcess({
    what: `psql on the database "${database}" of the source "${source.name}"`,
    command: PSQL,
    env: environmentFor(source, database),
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
