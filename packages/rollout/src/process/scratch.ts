import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** A folder that goes with whoever made it: at the latest when another one is opened beside it. */
export interface Scratch {
  /** Absolute, 0700. */
  readonly folder: string;
  remove(): Promise<void>;
}

const scratchName = /^\.scratch-\d+-[0-9a-f]{8}$/;
const lockSuffix = '.lock';

/** SQLITE_BUSY, SQLITE_LOCKED: somebody else has it (sqlite.org/rescode.html). */
const heldCodes = [5, 6];

type Taken = 'held' | 'no-locks' | DatabaseSync;

/**
 * A lock of the operating system on a file, by way of SQLite: it goes with its process however that ends, and holds
 * for other containers on the same disk, where a pid would mean somebody else.
 */
const takeLock = (file: string): Taken => {
  const lock = new DatabaseSync(file, { timeout: 0 });
  try {
    // No journal beside it: nothing is ever written.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    // A file system without locks: nobody can tell who lives, and nothing there is swept.
    return heldCodes.includes((error as { errcode?: number }).errcode ?? 0) ? 'held' : 'no-locks';
  }
};

const namesIn = async (parent: string): Promise<string[]> => {
  try {
    return await readdir(parent);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
};

/** Removes scratch folders whose process is gone. Returns their paths. */
export const sweepScratch = async (parent: string): Promise<string[]> => {
  const names = (await namesIn(parent)).map((name) => name.replace(/\.lock$/, ''));
  const swept: string[] = [];
  for (const name of new Set(names.filter((one) => scratchName.test(one)))) {
    const folder = join(parent, name);
    const lock = takeLock(`${folder}${lockSuffix}`);
    if (typeof lock === 'string') continue;
    try {
      await rm(folder, { recursive: true, force: true });
      await rm(`${folder}${lockSuffix}`, { force: true });
    } finally {
      lock.close();
    }
    swept.push(folder);
  }
  return swept;
};

/** The lock before the folder, so that no folder is seen without one. */
const lockedName = (parent: string): { folder: string; lock: DatabaseSync | null } => {
  for (;;) {
    const folder = join(parent, `.scratch-${process.pid}-${randomBytes(4).toString('hex')}`);
    const file = `${folder}${lockSuffix}`;
    const lock = takeLock(file);
    if (lock === 'no-locks') return { folder, lock: null };
    if (lock === 'held') continue;
    // Between the making of the file and its lock, a sweep may have taken it for one of the dead.
    if (existsSync(file)) return { folder, lock };
    lock.close();
  }
};

/** Opens a scratch folder in `parent`, which is made where it is missing, and sweeps the ones of the dead. */
export const openScratch = async (parent: string): Promise<Scratch> => {
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  await sweepScratch(parent);
  const { folder, lock } = lockedName(parent);
  const remove = async () => {
    await rm(folder, { recursive: true, force: true });
    await rm(`${folder}${lockSuffix}`, { force: true });
    if (lock?.isOpen) lock.close();
    if (made !== undefined)
      await rmdir(parent).catch((error: NodeJS.ErrnoException) => {
        // Somebody else has put something into it meanwhile.
        if (error.code !== 'ENOTEMPTY' && error.code !== 'ENOENT') throw error;
      });
  };
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    await remove();
    throw error;
  }
  return { folder, remove };
};
