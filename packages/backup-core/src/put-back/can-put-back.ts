import { sourceProblems } from '../backup-options.ts';
import { realDisk } from '../disk.ts';
import { BackupError } from '../errors.ts';
import { kindOf } from '../kind/kinds.ts';
import { type OpenBackup, openBackup } from '../read-backup.ts';
import type { DataSource, DiskOption } from '../types.ts';
import type { Obstacle, PutBackJob, RoomNeed } from './obstacle.ts';
import { shortageSentence, shortages } from './room.ts';

export interface PutBackOptions extends DiskOption {
  /** A zip that would be restored; left out: the data as it is now, as a backup of this moment would hold it. */
  readonly backup?: string | undefined;
  /** `quick`: what may have changed since a full look (sessions, rights), within milliseconds to a second. Default: `full`. */
  readonly depth?: 'full' | 'quick' | undefined;
  /** Unix epoch, ms. Default: `Date.now`. */
  readonly now?: (() => number) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Could this data be put back where it is live, here, now, by this user and role? Asked by the code that a restore uses; what
 * only shows by trying is tried in a scratch place (a folder beside the data, a database beside the live one), and taken away.
 * Live data is only read, and nothing needs to be stopped.
 *
 * @returns what stands in the way, in the order of the sources; empty where nothing does
 * @throws BackupError `bad-option`, and as `verifyBackup` where `backup` can't be opened
 */
export const canPutBack = async (
  sources: readonly DataSource[],
  options: PutBackOptions = {},
): Promise<Obstacle[]> => {
  const problems = sourceProblems(sources);
  if (problems.length > 0) throw new BackupError('bad-option', problems.join('; '), { problems });
  return options.backup === undefined
    ? look(sources, options, null)
    : openBackup(options.backup, (backup) => look(sources, options, backup));
};

const look = async (
  sources: readonly DataSource[],
  { disk = realDisk, depth = 'full', now = Date.now, signal }: PutBackOptions,
  backup: OpenBackup | null,
): Promise<Obstacle[]> => {
  const job: PutBackJob = { backup, disk, depth, nowMs: now(), signal };
  const obstacles: Obstacle[] = [];
  const needs: RoomNeed[] = [];
  for (const source of sources) {
    signal?.throwIfAborted();
    const { found, room } = await kindOf(source).obstacles(source, job);
    obstacles.push(...found.map((one) => ({ source: source.name, ...one })));
    if (room !== null) needs.push(room);
  }
  for (const shortage of await shortages(needs))
    obstacles.push({
      source: shortage.names[0] ?? '',
      kind: 'room',
      severity: 'refuses',
      sentence: `a restore of ${shortage.names.join(', ')} ${shortageSentence(shortage)}: free some there, or move the data to a larger disk`,
    });
  return obstacles;
};
