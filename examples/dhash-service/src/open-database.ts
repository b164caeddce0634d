import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, ServiceError } from './errors.ts';

/** Long enough for a backup's or a migration's short lock, short enough for `/health` to answer. */
const busyMs = 1000;

/**
 * Opens the library in WAL mode. Never makes one: an empty library in the place of a lost one would
 * look healthy.
 *
 * @throws ServiceError `data-missing`
 */
export const openDatabase = (file: string): DatabaseSync => {
  if (!existsSync(file))
    throw new ServiceError(
      'data-missing',
      `there is no library at ${file}; make the data first: node examples/dhash-service/init.js`,
    );
  const db = new DatabaseSync(file, { timeout: busyMs, enableForeignKeyConstraints: true });
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL');
  return db;
};

/**
 * Runs what prepares a release's statements; closes the database where that fails.
 *
 * @throws ServiceError `schema-missing` where the library lacks a table or a column of this release
 */
export const withSchema = <T>(
  db: DatabaseSync,
  file: string,
  version: string,
  prepare: () => T,
): T => {
  try {
    return prepare();
  } catch (error) {
    db.close();
    throw new ServiceError(
      'schema-missing',
      `${file} does not have the schema of release ${version} (${messageOf(error)}); apply the release's migrations/ first`,
      { cause: error },
    );
  }
};
