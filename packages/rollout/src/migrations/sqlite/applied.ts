import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { AppliedMigration } from '../types.ts';
import { openToRead, tableNames } from './database.ts';

/** What a database says was applied to it, by version. */
export const appliedIn = (db: DatabaseSync): AppliedMigration[] =>
  tableNames(db).includes('schema_migrations')
    ? db
        .prepare(
          'SELECT version, name, checksum, applied_at FROM schema_migrations ORDER BY version',
        )
        .all()
        .map((row) => ({
          version: Number(row['version']),
          name: String(row['name']),
          checksum: String(row['checksum']),
          appliedAt: String(row['applied_at']),
        }))
    : [];

/** What was applied to a database; nothing where the file does not exist. Changes nothing on disk. */
export const readApplied = async (database: string): Promise<AppliedMigration[]> => {
  if (!existsSync(database)) return [];
  const db = await openToRead(database);
  try {
    return appliedIn(db);
  } finally {
    db.close();
  }
};
