import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  type CommandSource,
  type DataSource,
  type ExternalSource,
  isPostgresBySocket,
  lookAtPostgres,
  type PostgresSource,
} from '@dhash/backup-core';
import { lookAtCommands } from '../backup/look-elsewhere.ts';
import { onDisk } from '../config/data-source.ts';
import type { EnvironmentConfig } from '../config/types.ts';
import { artifactOf, isReleaseName } from '../targets/artifacts.ts';
import { findIsolation } from './isolation.ts';
import type { DrillFacts } from './plan-drill.ts';

const isDatabase = (source: DataSource): source is PostgresSource => source.type === 'postgres';
const isDumped = (source: DataSource): source is CommandSource | ExternalSource =>
  source.type === 'command' || source.type === 'external';

/** Where a release is laid; `null` where it isn't. */
export const laidRelease = (config: EnvironmentConfig, release: string): string | null => {
  if (config.target.type !== 'releases' || !isReleaseName(release)) return null;
  const folder = join(config.target.root, 'releases', release);
  return existsSync(folder) ? folder : null;
};

const startIn = async (
  config: EnvironmentConfig,
  release: string | null,
): Promise<DrillFacts['startIn']> => {
  if (config.target.type === 'command') return 'the folder of rollout.yaml';
  if (release === null) return null;
  if (laidRelease(config, release) !== null) return 'where it is laid';
  const artifact = await artifactOf(config.target.artifact, release);
  return artifact === null ? null : 'unpacked anew';
};

/** What a drill of a backup of `release` would find. Read-only: the isolation is tried, and leaves nothing. */
export const gatherDrill = async (
  config: EnvironmentConfig,
  release: string | null,
): Promise<DrillFacts> => {
  const { drill } = config.backup;
  const { start = null } = config.target.drill ?? {};
  const readOnly = onDisk(config.data).map(({ path }) => path);
  return {
    release,
    start,
    startIn: await startIn(config, release),
    smoke: config.smoke?.command ?? null,
    sources: onDisk(config.data).map(({ name }) => name),
    databases: await Promise.all(
      config.data.filter(isDatabase).map(async (source) => ({
        name: source.name,
        problems: await lookAtPostgres(source, { restores: true }),
        isBySocket: isPostgresBySocket(source.url, process.env),
      })),
    ),
    dumps: await Promise.all(
      config.data.filter(isDumped).map(async (source) => ({
        name: source.name,
        problems: await lookAtCommands(source),
        hasVerify: source.verify !== undefined,
      })),
    ),
    allowed: drill.env,
    network: drill.network,
    isolation:
      start === null
        ? { kind: 'none', why: 'nothing is started' }
        : await findIsolation({ network: drill.network, readOnly }),
  };
};
