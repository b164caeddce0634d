import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { exitCodes, messageOf, RolloutError } from '../errors.ts';

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
  let lock: DatabaseSync | undefined;
  try {
    closeSync(openSync(file, 'a', 0o600));
    lock = new DatabaseSync(file, { timeout: 0 });
    // No journal beside it: nothing is ever written.
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock?.close();
    // A file system without locks, or another user's: nobody can tell who lives, and nothing there is swept.
    return heldCodes.includes((error as { errcode?: number }).errcode ?? 0) ? 'held' : 'no-locks';
  }
};

/** Where nothing can be listed, or removed, nothing is to be swept by this user. */
const notOurs = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'EROFS'];

const orNotOurs = async <T>(work: Promise<T>, otherwise: T): Promise<T> => {
  try {
    return await work;
  } catch (error) {
    if (notOurs.includes(String((error as NodeJS.ErrnoException).code))) return otherwise;
    throw error;
  }
};

const removed = async (folder: string): Promise<boolean> => {
  await rm(folder, { recursive: true, force: true });
  await rm(`${folder}${lockSuffix}`, { force: true });
  return true;
};

/** Removes scratch folders whose process is gone. Returns their paths. */
export const sweepScratch = async (parent: string): Promise<string[]> => {
  const names = (await orNotOurs(readdir(parent), [])).map((name) => name.replace(/\.lock$/, ''));
  const swept: string[] = [];
  for (const name of new Set(names.filter((one) => scratchName.test(one)))) {
    const folder = join(parent, name);
    const lock = takeLock(`${folder}${lockSuffix}`);
    if (typeof lock === 'string') continue;
    try {
      if (await orNotOurs(removed(folder), false)) swept.push(folder);
    } finally {
      lock.close();
    }
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

/**
 * Opens a scratch folder in `parent`, which is made where it is missing, and sweeps the ones of the dead.
 *
 * @throws RolloutError (exit 1) where it can't be made there.
 */
export const openScratch = async (parent: string): Promise<Scratch> => {
  try {
    return await openIn(parent);
  } catch (cause) {
    throw new RolloutError(
      'no-scratch',
      exitCodes.failed,
      `a copy of the data is needed for a while, and no folder for it can be made in ${parent}: ${messageOf(cause)}`,
      { cause, hints: ['make that folder writable, or set backup.dir to another'] },
    );
  }
};

const openIn = async (parent: string): Promise<Scratch> => {
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  await sweepScratch(parent);
  const { folder, lock } = lockedName(parent);
  const remove = async () => {
    await removed(folder);
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
