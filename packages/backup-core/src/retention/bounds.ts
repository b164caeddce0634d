import type { BackupListing } from '../list-backups.ts';
import { megabytes } from '../megabytes.ts';

/** What the backups of one environment may take of their disk. */
export interface Bounds {
  /** Most that its zips may take together. */
  readonly maxBytes: number | null;
  /** What must stay free on the disk that they lie on. */
  readonly minFreeBytes: number | null;
  /** What is free there now. */
  readonly freeBytes: number;
}

/** What goes for want of room, each with its reason. */
export interface RemovedForRoom {
  readonly remove: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/**
 * Chooses what goes so that the bounds hold, the oldest first, of those that `isFree` says may go. Where even all
 * of them would not bring `minFreeBytes` back, something else fills the disk: then none is given up for it.
 *
 * @param list what the rules keep, newest first
 * @param freedBytes what the removals that are planned already will bring
 */
export const removedForRoom = <T extends BackupListing>(
  list: readonly T[],
  isFree: (backup: T) => boolean,
  { maxBytes, minFreeBytes, freeBytes }: Bounds,
  freedBytes: number,
): RemovedForRoom => {
  const remove = new Map<string, string>();
  const warnings: string[] = [];
  const oldestFirst = list.toReversed().filter(isFree);
  let taken = list.reduce((sum, { bytes }) => sum + bytes, 0);
  if (maxBytes !== null) {
    for (const { name, bytes } of oldestFirst) {
      if (taken <= maxBytes) break;
      taken -= bytes;
      remove.set(name, `over maxBytes (${megabytes(maxBytes)}), and the oldest that may go`);
    }
    if (taken > maxBytes)
      warnings.push(
        `the backups that must stay take ${megabytes(taken)}; maxBytes is ${megabytes(maxBytes)}`,
      );
  }
  if (minFreeBytes === null) return { remove, warnings };
  const left = oldestFirst.filter(({ name }) => !remove.has(name));
  const sum = (some: readonly T[]) => some.reduce((total, { bytes }) => total + bytes, 0);
  let free = freeBytes + freedBytes + sum(oldestFirst) - sum(left);
  if (free + sum(left) < minFreeBytes) {
    warnings.push(
      `${megabytes(free)} are free, minFree asks for ${megabytes(minFreeBytes)}, and removing every backup that may go would not bring it: something else fills the disk, and none was given up for it`,
    );
    return { remove, warnings };
  }
  for (const { name, bytes } of left) {
    if (free >= minFreeBytes) break;
    free += bytes;
    remove.set(name, `under minFree (${megabytes(minFreeBytes)}), and the oldest that may go`);
  }
  return { remove, warnings };
};
