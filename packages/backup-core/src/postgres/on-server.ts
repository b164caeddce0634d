import { isBackupError } from '../errors.ts';
import type { PostgresSource } from '../types.ts';
import { databaseOf, runSql } from './psql.ts';

/**
 * Databases for statements that no session of the data itself may run, in the order in which they are tried. Not each
 * server has `postgres`, and not each lets every role into it.
 */
const MAINTENANCE = ['postgres', 'template1'] as const;

/** What libpq says of a server that was not reached at all; whatever else it says, a server said. */
const UNREACHED =
  /failed: (?:Connection |No such file|Network |No route|timeout|could not |Permission )/;

/** Whether a server is there, and does not let us into one of its databases. */
const isDoorShut = (error: unknown): boolean =>
  isBackupError(error) &&
  error.code === 'server-lost' &&
  /connection to server .* failed: /.test(error.message) &&
  !UNREACHED.test(error.message);

export interface OnServerOptions {
  /** Databases that the statements are about: no session may be in one of them. */
  readonly avoid?: readonly string[];
  /** Further databases that this role may get into. */
  readonly also?: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs SQL that is about databases and not about what is in one, from whichever database lets us in.
 *
 * @throws BackupError as `runSql`; where none lets us in, what the first of them said
 */
export const runOnServer = async (
  source: PostgresSource,
  sql: string,
  { avoid = [], also = [], signal }: OnServerOptions = {},
): Promise<unknown[]> => {
  const rooms = new Set([...MAINTENANCE, databaseOf(source), ...also]);
  for (const name of avoid) rooms.delete(name);
  let refused: unknown;
  for (const database of rooms) {
    try {
      return await runSql(source, sql, { database, signal });
    } catch (error) {
      if (!isDoorShut(error)) throw error;
      refused ??= error;
    }
  }
  throw refused;
};

/** The same, or null where no database lets us in. */
export const runWhereLetIn = async (
  source: PostgresSource,
  sql: string,
  options: OnServerOptions,
): Promise<unknown[] | null> => {
  try {
    return await runOnServer(source, sql, options);
  } catch (error) {
    if (isDoorShut(error)) return null;
    throw error;
  }
};
