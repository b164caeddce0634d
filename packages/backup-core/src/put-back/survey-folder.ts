import { lstatSync, type Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { isSystemError } from '../errors.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { type FileFilter, fileFilter, isOurs } from '../source/file-filter.ts';
import { systemPace } from '../source/system-pace.ts';
import type { FilesSource } from '../types.ts';

/** How many there are, and the first of them. */
export interface Some {
  count: number;
  first: string;
}

/** What of a folder's files matters to whoever would put them back. */
export interface FolderSurvey {
  /** Room that the files take, in bytes: of one with holes what is not a hole. */
  bytes: number;
  /** Files and folders whose owner or group this user can't give. */
  foreign: Some;
  /** Sockets, pipes and devices. */
  special: Some;
  /** Globs that match nothing. */
  unmatched: ReturnType<FileFilter['unmatched']>;
}

const DISK_BLOCK_BYTES = 512;

/** Room on the disk that a file takes, in bytes. */
export const allocatedBytes = ({ size, blocks }: Pick<Stats, 'size' | 'blocks'>): number =>
  Math.min(size, blocks * DISK_BLOCK_BYTES);

/** Whether this user can make something belong to a user and a group: chown(2). */
export const givesTo = (): ((owner: Pick<Stats, 'uid' | 'gid'>) => boolean) => {
  const own = process.geteuid?.();
  if (own === undefined || own === 0) return () => true;
  const groups = new Set([process.getegid?.(), ...(process.getgroups?.() ?? [])]);
  return ({ uid, gid }) => uid === own && groups.has(gid);
};

const add = (some: Some, name: string): void => {
  if (some.count === 0) some.first = name;
  some.count += 1;
};

/** Looks at each file that a backup of the source would hold. What can't be looked at is the backup's to tell. */
export const surveyFolder = async (
  source: FilesSource,
  signal?: AbortSignal,
): Promise<FolderSurvey> => {
  const filter = fileFilter(source);
  const gives = givesTo();
  const pace = systemPace();
  const survey: FolderSurvey = {
    bytes: 0,
    foreign: { count: 0, first: '' },
    special: { count: 0, first: '' },
    unmatched: [],
  };
  const root = bytePath(source.path);
  const orNull = async <T>(look: () => Promise<T>): Promise<T | null> => {
    try {
      return await look();
    } catch (error) {
      if (isSystemError(error)) return null;
      throw error;
    }
  };
  const visit = async (folder: BytePath): Promise<void> => {
    signal?.throwIfAborted();
    const path = bytesOf(joinPath(root, folder));
    for (const child of (await orNull(() => readdir(path, { encoding: 'latin1' }))) ?? []) {
      const name = joinPath(folder, child);
      const text = shownPath(name);
      if (isOurs(child) || filter.isExcluded(text)) continue;
      const file = bytesOf(joinPath(root, name));
      const stat = await orNull(async () => pace.atOnce(() => lstatSync(file)) ?? lstat(file));
      if (stat === null) continue;
      if (!stat.isDirectory() && !filter.isIncluded(text)) continue;
      if (!gives(stat)) add(survey.foreign, text);
      if (stat.isDirectory()) await visit(name);
      else if (stat.isFile()) survey.bytes += allocatedBytes(stat);
      else if (!stat.isSymbolicLink()) add(survey.special, text);
    }
  };
  await visit('');
  survey.unmatched = filter.unmatched();
  return survey;
};
