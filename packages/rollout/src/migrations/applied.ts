import type { EnvironmentConfig } from '../config/types.ts';
import { migrationDatabase } from './migration-database.ts';
import { migrationName } from './read-migrations.ts';

/**
 * Names of the migrations that an environment's database has, the oldest first; a backup is stamped with them. Those of
 * somebody else's tool are not ours to read.
 */
export const appliedMigrations = async ({
  migrations,
}: Pick<EnvironmentConfig, 'migrations'>): Promise<string[]> =>
  migrations?.type === 'sql'
    ? (await migrationDatabase(migrations).applied()).map(migrationName)
    : [];
