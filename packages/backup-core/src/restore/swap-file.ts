import { dirname } from 'node:path';
import { type Disk, syncFolder } from '../disk.ts';
import { conflict, exists, markAbsent, move } from './move.ts';
import { absentMarker, type PathTarget, SQLITE_SIDECARS } from './staged-target.ts';

/** Each -wal, -shm and -journal for itself, whatever became of the main file: the log holds committed rows. */
const moveSidecars = async (
  disk: Disk,
  target: PathTarget,
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

/** The live file is at no moment absent: it gets a second name, then the new one replaces it. */
export const swapFileIn = async (disk: Disk, target: PathTarget): Promise<void> => {
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

/** The reverse of {@link swapFileIn}, from wherever that one came to. */
export const swapFileBack = async (disk: Disk, target: PathTarget): Promise<void> => {
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
