import { dirname } from 'node:path';
import { type Disk, syncFolder } from '../disk.ts';
import { conflict, exists, markAbsent, move } from './move.ts';
import { absentMarker, type PathTarget } from './staged-target.ts';

/** Two renames; between them the live folder is absent. */
export const swapFolderIn = async (disk: Disk, target: PathTarget): Promise<void> => {
  const { live, previous, staged } = target;
  if (!(await exists(staged))) return;
  if (await exists(live)) {
    if (await exists(previous)) throw conflict(target, `${live} came back while it was put aside`);
    await move(disk, live, previous);
  } else if (!(await exists(previous))) await markAbsent(disk, target);
  await move(disk, staged, live);
};

/** The reverse of {@link swapFolderIn}, from wherever that one came to. */
export const swapFolderBack = async (disk: Disk, target: PathTarget): Promise<void> => {
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
