import { basename, join } from 'node:path';
import { surveyBackups } from '@dhash/backup-core';
import type { SqlMigrations } from '../config/types.ts';
import { type CommandContext, commandHint } from '../environment/context.ts';
import type { Environment } from '../environment/environment.ts';
import { migrationName, migrationsFolder, readMigrations } from '../migrations/read-migrations.ts';
import { MigrationError } from '../migrations/types.ts';
import type { Target } from '../targets/target.ts';
import {
  type Candidate,
  fittingPair,
  type KnownRelease,
  type Stamp,
  whyUnreadable,
} from './fitting-pair.ts';

/**
 * Why the release that a rollback would run under can't read a backup, with the pair of release and backup that
 * would fit; `null` where it can. Reads only.
 */
export const explainUnreadable = async (
  context: CommandContext,
  environment: Environment,
  target: Target,
  backup: Stamp & { readonly file: string; readonly createdAt: string },
): Promise<string | null> => {
  const { config, shown } = environment;
  const runsUnder = backup.release ?? (await target.current());
  if (runsUnder === null) return null;
  const why = whyUnreadable(backup, await knownRelease(environment, target, runsUnder));
  if (why === null) return null;
  const { service, env } = config;
  const { dir, maxShrink } = config.backup;
  const candidates = (await surveyBackups(dir, { service, env, maxShrink })).flatMap(
    ({ name, at, summary, unusable }): Candidate[] =>
      summary === null || unusable !== null
        ? []
        : [{ name, at, release: summary.release, migrations: summary.migrations }],
  );
  const releases = new Map<string, KnownRelease>();
  for (const version of new Set(candidates.map(({ release }) => release)))
    if (version !== null) releases.set(version, await knownRelease(environment, target, version));
  const refused = { name: basename(backup.file), at: Date.parse(backup.createdAt) };
  const pair = fittingPair(candidates, refused, releases);
  if (pair === null) return `${why}; no backup in ${shown(dir)} fits a release that is still there`;
  const file = shown(join(dir, pair.name));
  return `${why}; the pair that fits is release ${pair.release} with ${file}: ${commandHint(context, `rollback --env ${env} --backup ${file}`)}`;
};

const knownRelease = async (
  { config }: Environment,
  target: Target,
  version: string,
): Promise<KnownRelease> => ({
  version,
  isThere: await target.hasVersion(version),
  migrations:
    config.migrations?.type === 'sql' ? await migrationsIn(config.migrations, version) : null,
});

/** `null` where the folder is gone: an artifact may be removed while its release is still laid. */
const migrationsIn = async (config: SqlMigrations, version: string): Promise<string[] | null> => {
  try {
    const folder = migrationsFolder(config, version);
    return (await readMigrations(folder, config.database.type)).migrations.map(migrationName);
  } catch (error) {
    if (error instanceof MigrationError && error.code === 'unreadable') return null;
    throw error;
  }
};
