import { stat, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isSystemError } from '../errors.ts';
import { megabytes } from '../megabytes.ts';
import type { RoomNeed } from './obstacle.ts';

/** Some room is left for everything else that lives on the filesystem. */
const USABLE_SHARE = 0.9;

/** A disk that has not the room for all that would be restored to it. */
export interface RoomShortage {
  readonly names: readonly string[];
  readonly folder: string;
  readonly neededBytes: number;
  readonly freeBytes: number;
}

interface Disk {
  readonly names: string[];
  readonly folder: string;
  neededBytes: number;
}

/** What lacks room: what is live stays beside what is restored, until that was proven. Targets may share a disk. */
export const shortages = async (needs: readonly RoomNeed[]): Promise<RoomShortage[]> => {
  const disks = new Map<number, Disk>();
  for (const { target, bytes } of needs) {
    const folder = dirname(target.work);
    const facts = await stat(folder).catch((error: unknown) => {
      // That it is not there is told as such.
      if (isSystemError(error)) return null;
      throw error;
    });
    if (facts === null) continue;
    const disk = disks.get(facts.dev) ?? { names: [], folder, neededBytes: 0 };
    disk.names.push(target.name);
    disk.neededBytes += bytes;
    disks.set(facts.dev, disk);
  }
  const short: RoomShortage[] = [];
  for (const { names, folder, neededBytes } of disks.values()) {
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize * USABLE_SHARE;
    if (neededBytes > freeBytes) short.push({ names, folder, neededBytes, freeBytes });
  }
  return short;
};

export const shortageSentence = ({ folder, neededBytes, freeBytes }: RoomShortage): string =>
  `needs room for ${megabytes(neededBytes)} beside the live data, and ${megabytes(freeBytes)} can be used in ${folder}`;
