import { stat } from 'node:fs/promises';
import { onlyFileOf } from '../backup-files.ts';
import { systemCode, throwUnreadable } from '../errors.ts';
import { sqliteTarget } from '../restore/sqlite-target.ts';
import type { SqliteSource } from '../types.ts';
import { isMountPoint } from './mount-points.ts';
import { type Looked, type PutBackJob, refuses, warns } from './obstacle.ts';
import { placeObstacles } from './place.ts';
import { allocatedBytes, givesTo } from './survey-folder.ts';

const sizeOf = async (path: string): Promise<number> => {
  try {
    return allocatedBytes(await stat(path));
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 0;
    throw error;
  }
};

/** Whether a database file could be put back now: the one that its path leads to, where that is a link. */
export const sqliteObstacles = async (source: SqliteSource, job: PutBackJob): Promise<Looked> => {
  const target = sqliteTarget(source, 'room');
  const { live } = target;
  const facts = await stat(live).catch((error: unknown) =>
    systemCode(error) === 'ENOENT' ? null : throwUnreadable(live)(error),
  );
  if (facts === null && job.backup === null) return { found: [], room: null };
  if (facts !== null && !facts.isFile())
    return { found: [refuses('not-there', `${live} is not a file`)], room: null };
  const found = await placeObstacles(target, job.disk, job.depth);
  if (facts !== null) {
    if (isMountPoint(live))
      found.push(
        refuses(
          'mount-point',
          `${live} is a mount point of its own, and nothing can be renamed over it: mount the folder that it lies in`,
        ),
      );
    if (!givesTo()(facts))
      found.push(
        warns(
          'owners',
          `${live} belongs to a user or group that this user can't give anything to: restored, it would be this user's. Run restores as root to keep owners`,
        ),
      );
    if (facts.nlink > 1)
      found.push(
        warns(
          'link',
          `${live} has ${facts.nlink} names (hard links): a restore replaces this one, and the others keep the database that is put aside`,
        ),
      );
  }
  const line = job.backup === null ? null : onlyFileOf(job.backup.files, source.name)?.line;
  const bytes = line?.size ?? (await sizeOf(live)) + (await sizeOf(`${live}-wal`));
  return { found, room: { target, bytes } };
};
