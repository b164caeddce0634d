import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError, estimateBackup, type SurveyedBackup } from '@dhash/backup-core';
import { formatBytes } from '../cli/format.ts';
import type { EnvironmentConfig } from '../config/types.ts';

/** What a backup will need on the disk of its folder, and what is free there; bytes. */
export interface BackupRoom {
  readonly neededBytes: number;
  readonly freeBytes: number;
}

const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));

/** Estimates from the sources as they are now and from the backup before. */
export const backupRoom = async (
  { data, backup }: Pick<EnvironmentConfig, 'data' | 'backup'>,
  earlier: readonly SurveyedBackup[],
  signal: AbortSignal,
): Promise<BackupRoom> => {
  const before = earlier.find(({ unusable }) => unusable === null);
  const packed =
    before?.summary == null
      ? null
      : {
          zipBytes: before.bytes,
          totalBytes: before.summary.totalBytes,
          sources: before.summary.sources,
        };
  const { zipBytes, copyBytes } = await estimateBackup(data, packed, signal);
  const disk = await statfs(nearestExisting(backup.dir));
  return { neededBytes: zipBytes + copyBytes, freeBytes: disk.bavail * disk.bsize };
};

/** @throws BackupError `no-space` (exit 1) where there is not; nothing was written then. */
export const checkRoom = (
  { neededBytes, freeBytes }: BackupRoom,
  { env, backup }: Pick<EnvironmentConfig, 'env' | 'backup'>,
): void => {
  if (neededBytes <= freeBytes) return;
  throw new BackupError(
    'no-space',
    `a backup of ${env} needs ${formatBytes(neededBytes)}, ${formatBytes(freeBytes)} free in ${backup.dir}: nothing was written. Free ${formatBytes(neededBytes - freeBytes)} there (backup --env ${env} --prune --dry-run shows what may go), or set backup.dir to a larger disk`,
    { file: backup.dir },
  );
};
