import { existsSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import type { EnvironmentConfig } from '../config/types.ts';
import { openToRead, tableNames } from './database.ts';
import { migrationName } from './read-migrations.ts';
import type { AppliedMigration } from './types.ts';

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

/** Names of the migrations that an environment's database has, the oldest first; a backup is stamped with them. */
export const appliedMigrations = async (
  config: Pick<EnvironmentConfig, 'migrations'>,
): Promise<string[]> =>
  config.migrations === null
    ? []
    : (await readApplied(config.migrations.database)).map(migrationName);
