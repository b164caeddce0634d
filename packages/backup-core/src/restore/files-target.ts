import { accessSync, constants } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSystemError } from '../errors.ts';
import { isMountPoint } from '../put-back/mount-points.ts';
import type { Filters } from '../source/file-filter.ts';
import type { FilesSource } from '../types.ts';
import { type PathTarget, pathTarget } from './staged-target.ts';

const isWritable = (folder: string): boolean => {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch (error) {
    if (isSystemError(error)) return false;
    throw error;
  }
};

/** Whether a folder can't be renamed where it is, and what is in it can. */
const staysInPlace = (folder: string): boolean =>
  isMountPoint(folder) || (!isWritable(dirname(folder)) && isWritable(folder));

/** Where old and new lie: beside the folder, or in it where nothing can be put beside it. */
export const filesTarget = (
  { name, path }: Pick<FilesSource, 'name' | 'path'>,
  id: string,
): PathTarget => {
  const beside = pathTarget({ name, type: 'files', path }, id);
  if (!staysInPlace(path)) return beside;
  const inside = pathTarget({ name, type: 'files', path: join(path, basename(path)) }, id);
  return { ...inside, live: path, contents: {} };
};

/** The same once it is known what the backup leaves out: that stays where it is. */
export const withFilters = (target: PathTarget, { include, exclude = [] }: Filters): PathTarget => {
  if (include === undefined && exclude.length === 0) return target;
  return {
    ...target,
    contents: {
      ...(include === undefined ? {} : { include }),
      ...(exclude.length === 0 ? {} : { exclude }),
    },
  };
};

/** Each place in which a restore of this id may have left something, wherever the folder could be moved then. */
export const workPlacesOf = ({ live, work }: PathTarget): string[] => {
  const name = basename(work);
  return [...new Set([work, join(dirname(live), name), join(live, name)])];
};
