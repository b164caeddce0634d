import { randomBytes } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackupName } from './backup-name.ts';
import type { Disk } from './disk.ts';
import { systemCode } from './errors.ts';

const WORK = /^\.dhash-(\d+)-[0-9a-f]{12}\./;
/** What lies beside a zip: its sidecar, its state, its summary. */
const BESIDE = /^(dhash_.*\.zip)\.(?:sha256|state\.json|summary\.json)$/;
/** A process id may have been given to another program since; a file this old is nobody's any more. */
const ABANDONED_MS = 24 * 60 * 60 * 1000;

/** Name for something that is not finished: hidden, and saying whose it is. */
export const workName = (extension: string): string =>
  `.dhash-${process.pid}-${randomBytes(6).toString('hex')}.${extension}`;

/** Whether a process of this id lives; it may be another than the one that is meant. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
};

const ageMs = async (path: string, nowMs: number): Promise<number> => {
  try {
    return nowMs - (await stat(path)).mtimeMs;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
};

/**
 * Removes what a killed run left in a folder of backups: unfinished files, and sidecars whose zip never got
 * (or no longer has) its name. Files of a run that still lives are left alone. Returns what was removed.
 */
export const sweepLeftovers = async (disk: Disk, dir: string, nowMs: number): Promise<string[]> => {
  const names = await readdir(dir).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  const removed: string[] = [];
  let othersRun = false;
  for (const name of names) {
    const pid = Number(WORK.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    const path = join(dir, name);
    if (isRunning(pid) && (await ageMs(path, nowMs)) < ABANDONED_MS) {
      othersRun = true;
      continue;
    }
    await disk.rm(path, { recursive: true, force: true });
    removed.push(name);
  }
  // Another run may be between its sidecar and its zip.
  if (othersRun) return removed;
  const present = new Set(names);
  for (const name of names) {
    const zip = BESIDE.exec(name)?.[1];
    if (zip === undefined || parseBackupName(zip) === null || present.has(zip)) continue;
    await disk.rm(join(dir, name), { recursive: false, force: true });
    removed.push(name);
  }
  return removed;
};
