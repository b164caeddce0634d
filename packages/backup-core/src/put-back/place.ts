import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { access, constants, lstat, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Disk } from '../disk.ts';
import { isSystemError, systemCode, systemSaid } from '../errors.ts';
import type { PathTarget } from '../restore/staged-target.ts';
import { sweepDead } from '../sweep-dead.ts';
import { type Found, refuses } from './obstacle.ts';

const run = promisify(execFile);

const isRoot = (): boolean => process.geteuid?.() === 0;

/** Longest look at the attributes of a file, ms. */
const LSATTR_TIMEOUT_MS = 5000;

/** Attributes by which nobody may rename or remove a file or folder: `i` and `a` (chattr(1)). Empty where none can be told. */
const frozenBy = async (path: string): Promise<string> => {
  try {
    const { stdout } = await run('lsattr', ['-d', '--', path], { timeout: LSATTR_TIMEOUT_MS });
    return /^\S*/.exec(stdout)?.[0].replaceAll(/[^ia]/g, '') ?? '';
  } catch (error) {
    // No such program, or a disk without attributes.
    if (error instanceof Error) return '';
    throw error;
  }
};

/** What keeps an entry from being renamed away from where it is. */
const frozen = async (paths: readonly string[]): Promise<Found[]> => {
  const found: Found[] = [];
  for (const path of paths) {
    const attributes = await frozenBy(path);
    if (attributes !== '')
      found.push(
        refuses(
          'immutable',
          `${path} can't be changed or moved by anybody (attribute ${attributes}): chattr -${attributes} ${path}`,
        ),
      );
  }
  return found;
};

const isMissing = (error: unknown): boolean => systemCode(error) === 'ENOENT';

const TRIED = /^\.dhash-restore-try-(\d+)-[0-9a-f]{8}$/;

/** Makes a folder where a restore would work, renames one in it, and takes both away again. */
const tryPlace = async (disk: Disk, place: string): Promise<Found[]> => {
  const room = join(place, `.dhash-restore-try-${process.pid}-${randomBytes(4).toString('hex')}`);
  try {
    await sweepDead(disk, place, TRIED);
    await disk.mkdir(join(room, 'one'), { mode: 0o700, recursive: true });
    await disk.rename(join(room, 'one'), join(room, 'other'));
    return [];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [
      refuses(
        'not-writable',
        `${place}, where a restore puts old and new side by side, can't be written to: ${systemSaid(error)}`,
      ),
    ];
  } finally {
    await disk.rm(room, { recursive: true, force: true }).catch((error: unknown) => {
      if (!isSystemError(error)) throw error;
    });
  }
};

/** In a folder with the sticky bit only a file's owner renames it, the folder's own, or root (rename(2)). */
const sticky = async (path: string): Promise<Found[]> => {
  if (isRoot()) return [];
  const uid = process.geteuid?.();
  const parent = dirname(path);
  const [own, above] = [await lstat(path), await stat(parent)];
  if ((above.mode & 0o1000) === 0 || own.uid === uid || above.uid === uid) return [];
  return [
    refuses(
      'not-writable',
      `${path} belongs to another user and lies in ${parent}, which has the sticky bit: only its owner may move it`,
    ),
  ];
};

/** A folder that gets another parent is written to: its `..` changes. */
export const unmovable = async (folder: string): Promise<Found[]> => {
  try {
    await access(folder, constants.W_OK);
    return [];
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return [
      refuses(
        'not-writable',
        `${folder} can't be moved by this user, who may not write to it: ${systemSaid(error)}`,
      ),
    ];
  }
};

/**
 * Whether what is live can be moved aside and something put in its place, by what the restore does: where it works is
 * tried, and what was tried is taken away.
 */
export const placeObstacles = async (
  target: PathTarget,
  disk: Disk,
  depth: 'full' | 'quick',
): Promise<Found[]> => {
  const { live, work } = target;
  const place = dirname(work);
  try {
    await stat(place);
  } catch (error) {
    if (!isSystemError(error)) throw error;
    const what = isMissing(error) ? 'is not there' : `can't be looked at: ${systemSaid(error)}`;
    return [refuses('not-there', `${place}, where a restore would work, ${what}`)];
  }
  const found = await tryPlace(disk, place);
  try {
    await lstat(live);
  } catch (error) {
    if (isMissing(error)) return found;
    throw error;
  }
  const moved = target.contents === undefined ? [live] : [];
  for (const path of moved) found.push(...(await sticky(path)));
  if (depth === 'full') found.push(...(await frozen([...new Set([place, live])])));
  return found;
};
