import { lstatSync, type Stats } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Disk, syncFolder } from '../disk.ts';
import { systemCode } from '../errors.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { entriesOf, movableIn } from './movable.ts';
import { conflict, exists } from './move.ts';
import { absentMarker, type PathTarget } from './staged-target.ts';
import { swapFolderBack, swapFolderIn } from './swap-folder.ts';

/** Says that all of what was live is put aside, so that what lies in the live folder since is the backup's. */
const asideMarker = ({ name, work }: PathTarget): string => join(work, name, 'all-aside');

/** Says that nothing in the folder had to stay, so that it was moved as a whole. */
const wholeMarker = ({ name, work }: PathTarget): string => join(work, name, 'as-whole');

/** At once: the service is stopped, and a folder may have many entries. */
const lookAt = (path: Buffer): Stats | null => {
  try {
    return lstatSync(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Moves entries between two folders of one disk, and knows which folders have to be made durable. */
interface Mover {
  /** Moves a file, or a folder whole; into a folder that is there already goes what is in it. */
  move(from: BytePath, to: BytePath): Promise<void>;
  /** Makes a folder with the looks of another, and those above it, below `top`. */
  makeLike(to: BytePath, from: BytePath): Promise<void>;
  /** Gives a folder the mode and owner of another. */
  dress(folder: BytePath, like: BytePath): Promise<void>;
  /** All that was moved has its names durably when this resolves. */
  sync(): Promise<void>;
}

const mover = (disk: Disk, target: PathTarget): Mover => {
  const touched = new Set<BytePath>();
  const touch = (path: BytePath) => touched.add(dirname(path));

  const dress = async (folder: BytePath, like: BytePath): Promise<void> => {
    const [own, wanted] = [lookAt(bytesOf(folder)), lookAt(bytesOf(like))];
    if (own === null || wanted === null) return;
    if (process.geteuid?.() === 0 && (own.uid !== wanted.uid || own.gid !== wanted.gid))
      await disk.lchown(bytesOf(folder), wanted.uid, wanted.gid);
    if (own.mode !== wanted.mode) await disk.chmod(bytesOf(folder), wanted.mode & 0o7777);
    touched.add(folder);
  };

  const move = async (from: BytePath, to: BytePath): Promise<void> => {
    const [source, there] = [lookAt(bytesOf(from)), lookAt(bytesOf(to))];
    if (source === null) return;
    if (there === null) {
      await disk.rename(bytesOf(from), bytesOf(to));
      touch(from);
      touch(to);
      return;
    }
    if (!source.isDirectory() || !there.isDirectory())
      throw conflict(target, `${shownPath(from)} and ${shownPath(to)} both exist`);
    for (const { name } of await entriesOf(bytesOf(from)))
      await move(joinPath(from, name), joinPath(to, name));
    await dress(to, from);
    await disk.rmdir(bytesOf(from));
    touch(from);
    touched.delete(from);
  };

  const makeLike = async (to: BytePath, from: BytePath): Promise<void> => {
    if (lookAt(bytesOf(to)) !== null) return;
    if (lookAt(bytesOf(dirname(to))) === null) await makeLike(dirname(to), dirname(from));
    await disk.mkdir(bytesOf(to), { mode: 0o700 });
    await dress(to, from);
    touch(to);
  };

  return {
    move,
    makeLike,
    dress,
    sync: async () => {
      for (const folder of touched)
        if (lookAt(bytesOf(folder)) !== null) await syncFolder(disk, bytesOf(folder));
      touched.clear();
    },
  };
};

/** Moves what is the backup's out of the live folder. */
const moveOut = async (target: PathTarget, to: string, moving: Mover): Promise<void> => {
  const live = bytePath(target.live);
  const root = bytePath(to);
  const { moves } = await movableIn(live, target.contents ?? {});
  await moving.makeLike(root, live);
  for (const name of moves) {
    const parent = dirname(name);
    if (parent !== '.') await moving.makeLike(joinPath(root, parent), joinPath(live, parent));
    await moving.move(joinPath(live, name), joinPath(root, name));
  }
  await moving.sync();
};

/** Moves all of a folder into the live one, which gets its looks. */
const moveIn = async (target: PathTarget, from: string, moving: Mover): Promise<void> => {
  const live = bytePath(target.live);
  const root = bytePath(from);
  if (lookAt(bytesOf(root)) === null) return;
  for (const { name } of await entriesOf(bytesOf(root)))
    await moving.move(joinPath(root, name), joinPath(live, name));
  await moving.dress(live, root);
  await moving.sync();
};

const mark = async (disk: Disk, marker: string): Promise<void> => {
  await (await disk.open(marker, 'w', 0o600)).close();
  await syncFolder(disk, dirname(marker));
};

/** Two renames are as good where the folder can be renamed, nothing was moved yet, and nothing in it has to stay. */
const canMoveWhole = async ({
  contents = {},
  live,
  previous,
  work,
}: PathTarget): Promise<boolean> =>
  dirname(work) !== live &&
  !(await exists(previous)) &&
  !(await movableIn(bytePath(live), contents)).keeps;

/**
 * The swap of a folder that can't be renamed, or that holds what no backup has: entry by entry, each by a rename. First all
 * that is the backup's leaves, which is marked; then what was staged comes. What is still to do is told by what lies
 * where, and by the mark.
 */
export const swapContentsIn = async (disk: Disk, target: PathTarget): Promise<void> => {
  const { live, previous, staged } = target;
  const marker = asideMarker(target);
  const isAside = await exists(marker);
  if (!isAside) {
    const isAbsent = !(await exists(live)) || (await exists(absentMarker(target)));
    if (isAbsent) return swapFolderIn(disk, target);
    if (await exists(wholeMarker(target))) return swapFolderIn(disk, target);
    if (!(await exists(staged))) throw conflict(target, `${staged} is not there`);
    if (await canMoveWhole(target)) {
      await mark(disk, wholeMarker(target));
      return swapFolderIn(disk, target);
    }
    await moveOut(target, previous, mover(disk, target));
    await mark(disk, marker);
  }
  await moveIn(target, staged, mover(disk, target));
};

/** The reverse of {@link swapContentsIn}, from wherever that one came to. */
export const swapContentsBack = async (disk: Disk, target: PathTarget): Promise<void> => {
  const { previous, staged } = target;
  const marker = asideMarker(target);
  if (await exists(absentMarker(target))) return swapFolderBack(disk, target);
  if (await exists(wholeMarker(target))) {
    await swapFolderBack(disk, target);
    await disk.unlink(wholeMarker(target));
    return syncFolder(disk, dirname(wholeMarker(target)));
  }
  if (!(await exists(previous))) return;
  if (await exists(marker)) {
    await moveOut(target, staged, mover(disk, target));
    await disk.unlink(marker);
    await syncFolder(disk, dirname(marker));
  }
  await moveIn(target, previous, mover(disk, target));
  await disk.rmdir(previous);
  await syncFolder(disk, dirname(previous));
};
