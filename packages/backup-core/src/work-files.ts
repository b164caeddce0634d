import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseBackupName } from './backup-name.ts';
import type { Disk } from './disk.ts';
import { systemCode } from './errors.ts';

const WORK = /^\.dhash-(\d+)-[0-9a-f]{12}\./;
/** What lies beside a zip: its sidecar, its state, its summary, where its copies are, its proof, its rescue script. */
const BESIDE =
  /^(dhash_.*)(?:\.zip\.(?:sha256|state\.json|summary\.json|copies\.json|proof\.json)|\.rescue\.sh)$/;
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

const openFolders = async (folder: string): Promise<void> => {
  await chmod(folder, 0o700);
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await openFolders(join(folder, entry.name));
};

/** Removes a file, or a folder with all in it: also folders that were restored read-only, as their owner may. */
export const removeWhole = async (disk: Disk, path: string): Promise<void> => {
  try {
    await disk.rm(path, { recursive: true, force: true });
  } catch (error) {
    if (systemCode(error) !== 'EACCES') throw error;
    await openFolders(path);
    await disk.rm(path, { recursive: true, force: true });
  }
};

const namesIn = async (dir: string): Promise<string[]> => {
  try {
    return await readdir(dir);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  }
};

/** What a sweep did, and whether someone else is at work in the same folder. */
export interface Swept {
  readonly removed: string[];
  readonly othersRun: boolean;
}

/** Removes unfinished files and folders of runs that were killed; those of a run that still lives stay. */
export const sweepUnfinished = async (disk: Disk, dir: string, nowMs: number): Promise<Swept> => {
  const removed: string[] = [];
  let othersRun = false;
  for (const name of await namesIn(dir)) {
    const pid = Number(WORK.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(pid)) continue;
    const path = join(dir, name);
    if (isRunning(pid) && (await ageMs(path, nowMs)) < ABANDONED_MS) {
      othersRun = true;
      continue;
    }
    await removeWhole(disk, path);
    removed.push(name);
  }
  return { removed, othersRun };
};

/**
 * Removes what a killed run left in a folder of backups: unfinished files, and sidecars whose zip never got
 * (or no longer has) its name. Files of a run that still lives are left alone. Returns what was removed.
 */
export const sweepLeftovers = async (disk: Disk, dir: string, nowMs: number): Promise<string[]> => {
  const names = await namesIn(dir);
  const { removed, othersRun } = await sweepUnfinished(disk, dir, nowMs);
  // Another run may be between its sidecar and its zip.
  if (othersRun) return removed;
  const present = new Set(names);
  for (const name of names) {
    const stem = BESIDE.exec(name)?.[1];
    const zip = `${stem}.zip`;
    if (stem === undefined || parseBackupName(zip) === null || present.has(zip)) continue;
    // A run that was at just that point when the names were read has ended since, and its zip is there. After this
    // look it can't come any more: whoever finds the sidecar's name taken gives its zip another.
    if (existsSync(join(dir, zip))) continue;
    await disk.rm(join(dir, name), { recursive: false, force: true });
    removed.push(name);
  }
  return removed;
};
