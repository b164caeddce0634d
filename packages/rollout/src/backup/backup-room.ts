import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { BackupError, estimateBackup, type SurveyedBackup } from '@dhash/backup-core';
import type { EnvironmentConfig } from '../config/types.ts';
import { formatBytes } from '../words/format.ts';

/** What backups will need on the disk of their folder, and what is free there; bytes. */
export interface BackupRoom {
  /** How many will be taken, one after the other. */
  readonly backups: number;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));

/** Estimates from the sources as they are now and from the newest backup before. */
export const backupRoom = async (
  { data, backup }: Pick<EnvironmentConfig, 'data' | 'backup'>,
  earlier: readonly SurveyedBackup[],
  { signal, backups = 1 }: { readonly signal: AbortSignal; readonly backups?: number },
): Promise<BackupRoom> => {
  const before = earlier.find(({ unusable }) => unusable === null);
  const { zipBytes, copyBytes } = await estimateBackup(data, before?.file ?? null, signal);
  const disk = await statfs(nearestExisting(backup.dir));
  // Copies of databases go when their backup is done.
  const neededBytes = backups * zipBytes + copyBytes;
  return { backups, neededBytes, freeBytes: disk.bavail * disk.bsize };
};

/** @throws BackupError `no-space` (exit 1) where there is not; nothing was written then. */
export const checkRoom = (
  { backups, neededBytes, freeBytes }: BackupRoom,
  { env, backup }: Pick<EnvironmentConfig, 'env' | 'backup'>,
): void => {
  if (neededBytes <= freeBytes) return;
  throw new BackupError(
    'no-space',
    `${backups === 1 ? `a backup of ${env} needs` : `${backups} backups of ${env} need`} ${formatBytes(neededBytes)}, ${formatBytes(freeBytes)} free in ${backup.dir}: nothing was written. Free ${formatBytes(neededBytes - freeBytes)} there (backup --env ${env} --prune --dry-run shows what may go), or set backup.dir to a larger disk`,
    { file: backup.dir },
  );
};
