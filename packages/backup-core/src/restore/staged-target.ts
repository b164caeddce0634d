import { basename, dirname, join } from 'node:path';
import { BackupError } from '../errors.ts';
import type { Filters } from '../source/file-filter.ts';

/**
 * Where a folder, a database file or a command's dump is put back, and where old and new lie meanwhile; all on one
 * filesystem.
 */
export interface PathTarget {
  readonly name: string;
  readonly type: 'files' | 'sqlite' | 'command' | 'external';
  /** The live folder or database file; where its path is a link to a database, the file that it leads to. Of a command there is none, and nothing has this name. */
  readonly live: string;
  /** `<parent of live>/.dhash-restore-<id>`, shared by targets of one parent. */
  readonly work: string;
  /** What will be live. */
  readonly staged: string;
  /** What was live. */
  readonly previous: string;
  /**
   * Of a folder that is swapped entry by entry: it can't be renamed (a mount point), or a backup leaves something out of
   * it, which stays. What of it is the backup's, as globs.
   */
  readonly contents?: Filters;
}

/** Names of databases on one server. */
export interface DatabaseTarget {
  readonly name: string;
  readonly type: 'postgres';
  readonly live: string;
  /** `<live>_restore_<id>`: what will be live. */
  readonly staged: string;
  /** `<live>_prev_<id>`: what was live. */
  readonly previous: string;
}

/** Where one source is put back. Plain data, without anything secret: it is kept on record. */
export type StagedTarget = PathTarget | DatabaseTarget;

const ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$/;

/** Files that belong to a database file, beside it. */
export const SQLITE_SIDECARS = ['-wal', '-shm', '-journal'] as const;

/** @throws BackupError `bad-option` */
export const checkRestoreId = (id: string): void => {
  if (!ID.test(id))
    throw new BackupError(
      'bad-option',
      `the restore id ${JSON.stringify(id)} can't be part of a folder's name`,
    );
};

/** @throws BackupError `bad-option` */
export const pathTarget = (
  { name, type, path }: Pick<PathTarget, 'name' | 'type'> & { readonly path: string },
  id: string,
): PathTarget => {
  checkRestoreId(id);
  const work = join(dirname(path), `.dhash-restore-${id}`);
  const last = basename(path);
  return {
    name,
    type,
    live: path,
    work,
    staged: join(work, name, 'new', last),
    previous: join(work, name, 'previous', last),
  };
};

/** Says that there was no live data when the new was swapped in, so that going back means none again. */
export const absentMarker = ({ name, work }: Pick<PathTarget, 'name' | 'work'>): string =>
  join(work, name, 'was-absent');
