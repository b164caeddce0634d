import { lstat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type Disk, realDisk, syncFolder } from '../disk.ts';
import { BackupError, systemCode } from '../errors.ts';
import type { DiskOption } from '../types.ts';
import { absentMarker, SQLITE_SIDECARS, type StagedTarget } from './staged-target.ts';

const exists = async (path: string): Promise<boolean> => {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return false;
    throw error;
  }
};

const conflict = (target: StagedTarget, what: string): BackupError =>
  new BackupError(
    'swap-conflict',
    `the data of "${target.name}" can't be swapped: ${what}. Is the service still running? Nothing was overwritten; ${target.previous} holds what was live`,
    { file: target.live },
  );

/** Moves a file or folder to a name that must be free, durably. */
const move = async (disk: Disk, from: string, to: string): Promise<void> => {
  await disk.rename(from, to);
  await syncFolder(disk, dirname(from));
  if (dirname(to) !== dirname(from)) await syncFolder(disk, dirname(to));
};

/** Each -wal, -shm and -journal for itself, whatever became of the main file: the log holds committed rows. */
const moveSidecars = async (
  disk: Disk,
  target: StagedTarget,
  from: string,
  to: string,
): Promise<void> => {
  for (const suffix of SQLITE_SIDECARS) {
    if (!(await exists(from + suffix))) continue;
    if (await exists(to + suffix))
      throw conflict(target, `${from}${suffix} and ${to}${suffix} both exist`);
    await move(disk, from + suffix, to + suffix);
  }
};

const markAbsent = async (disk: Disk, target: StagedTarget): Promise<void> => {
  const marker = absentMarker(target);
  if (await exists(marker)) return;
  await (await disk.open(marker, 'wx', 0o600)).close();
  await syncFolder(disk, dirname(marker));
};

/** The live file is at no moment absent: it gets a second name, then the new one replaces it. */
const swapFileIn = async (disk: Disk, target: StagedTarget): Promise<void> => {
  const { live, previous, staged } = target;
  if (await exists(staged)) {
    if (await exists(live)) {
      await moveSidecars(disk, target, live, previous);
      if (!(await exists(previous))) {
        await disk.link(live, previous);
        await syncFolder(disk, dirname(previous));
      }
    } else if (!(await exists(previous))) {
      await moveSidecars(disk, target, live, previous);
      await markAbsent(disk, target);
    }
    await move(disk, staged, live);
  }
  // Logs of what is live now: there only after a swap back that is undone.
  await moveSidecars(disk, target, staged, live);
};

const swapFileBack = async (disk: Disk, target: StagedTarget): Promise<void> => {
  const { live, previous, staged } = target;
  const marker = absentMarker(target);
  if (await exists(marker)) {
    if (!(await exists(staged)) && (await exists(live))) {
      await moveSidecars(disk, target, live, staged);
      await move(disk, live, staged);
    }
    await disk.unlink(marker);
    await syncFolder(disk, dirname(marker));
  } else if (await exists(previous)) {
    if (!(await exists(staged))) {
      await moveSidecars(disk, target, live, staged);
      await disk.link(live, staged);
      await syncFolder(disk, dirname(staged));
    }
    await disk.rename(previous, live);
    await syncFolder(disk, dirname(live));
    // Where the swap got no further than the second name, both names are one file and rename did nothing.
    if (await exists(previous)) await disk.unlink(previous);
    await syncFolder(disk, dirname(previous));
  }
  await moveSidecars(disk, target, previous, live);
};

const swapFolderIn = async (disk: Disk, target: StagedTarget): Promise<void> => {
  const { live, previous, staged } = target;
  if (!(await exists(staged))) return;
  if (await exists(live)) {
    if (await exists(previous)) throw conflict(target, `${live} came back while it was put aside`);
    await move(disk, live, previous);
  } else if (!(await exists(previous))) await markAbsent(disk, target);
  await move(disk, staged, live);
};

const swapFolderBack = async (disk: Disk, target: StagedTarget): Promise<void> => {
  const { live, previous, staged } = target;
  const marker = absentMarker(target);
  const wasAbsent = await exists(marker);
  if (!wasAbsent && !(await exists(previous))) return;
  if (await exists(live)) {
    if (await exists(staged)) {
      if (!wasAbsent) throw conflict(target, `${live} and ${staged} both exist`);
    } else await move(disk, live, staged);
  }
  if (wasAbsent) {
    await disk.unlink(marker);
    await syncFolder(disk, dirname(marker));
  } else await move(disk, previous, live);
};

/**
 * Puts staged data in place of what is live, which is kept whole under `previous`. What is still to do is
 * decided by what exists, so that it can be run again after a kill at any point. The service must be stopped.
 *
 * @throws BackupError `swap-conflict`
 */
export const swapIn = async (
  targets: readonly StagedTarget[],
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  for (const target of targets)
    await (target.type === 'sqlite' ? swapFileIn : swapFolderIn)(disk, target);
};

/**
 * The reverse of {@link swapIn}: what was live is live again, what was staged is staged again. Undoes a
 * swap that was cut off too, and can be run again after a kill at any point.
 *
 * @throws BackupError `swap-conflict`
 */
export const swapBack = async (
  targets: readonly StagedTarget[],
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  for (const target of [...targets].reverse())
    await (target.type === 'sqlite' ? swapFileBack : swapFolderBack)(disk, target);
};

/** Removes the `.dhash-restore-<id>` folders, with the staged data and what was put aside. */
export const discardWork = async (
  targets: readonly Pick<StagedTarget, 'work'>[],
  { disk = realDisk }: DiskOption = {},
): Promise<void> => {
  for (const work of new Set(targets.map((target) => target.work))) {
    await disk.rm(work, { recursive: true, force: true });
    if (await exists(dirname(work))) await syncFolder(disk, dirname(work));
  }
};
