import { BackupError } from './errors.ts';

/** What the name of a backup says. */
export interface BackupName {
  readonly name: string;
  /** When it was made; Unix epoch, ms, whole seconds. */
  readonly atMs: number;
  readonly env: string;
  readonly tag: string | null;
}

const NAME = /^dhash_(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z_([^_]+)(?:_(.+))?\.zip$/;
const ENV = /^[a-z0-9][a-z0-9.-]{0,40}$/i;
const TAG = /^[a-z0-9][a-z0-9._-]{0,40}$/;

/** `dhash_<UTC yyyymmddThhmmssZ>_<env>[_<tag>].zip` */
export const renderBackupName = (atMs: number, env: string, tag: string | null): string => {
  const stamp = new Date(atMs).toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return `dhash_${stamp}_${env}${tag === null ? '' : `_${tag}`}.zip`;
};

/** Null for a name that is not a backup's. */
export const parseBackupName = (name: string): BackupName | null => {
  const match = NAME.exec(name);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second, env = '', tag] = match;
  const atMs = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(atMs) ? null : { name, atMs, env, tag: tag ?? null };
};

/** @throws BackupError `bad-option` where environment or tag can't be part of a name. */
export const checkNameParts = (env: string, tag: string | null): void => {
  if (!ENV.test(env))
    throw new BackupError(
      'bad-option',
      `the environment ${JSON.stringify(env)} can't be part of a backup's name: use letters, digits, "-" and "."`,
    );
  if (tag !== null && !TAG.test(tag))
    throw new BackupError(
      'bad-option',
      `the tag ${JSON.stringify(tag)} can't be part of a backup's name: it must match [a-z0-9][a-z0-9._-]{0,40}`,
    );
};

const SECOND_MS = 1000;

/**
 * The time of the next backup's name: now, or the next free second where that is taken.
 *
 * @throws BackupError `clock-set-back` where a newer backup than now exists: the name would sort before it.
 */
export const nextBackupTime = (nowMs: number, takenMs: readonly number[], dir: string): number => {
  const newestMs = takenMs.reduce((newest, at) => Math.max(newest, at), Number.NEGATIVE_INFINITY);
  const taken = new Set(takenMs);
  let atMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
  while (taken.has(atMs)) atMs += SECOND_MS;
  if (atMs < newestMs)
    throw new BackupError(
      'clock-set-back',
      `the newest backup in ${dir} is of ${new Date(newestMs).toISOString()}, but the clock says ${new Date(nowMs).toISOString()}: a new backup would not be the newest by name. Set the clock right, or move that file away`,
      { file: dir },
    );
  return atMs;
};
