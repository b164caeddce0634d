import { readdir, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileSystemNowMs } from './lease.ts';
import { partPattern } from './lock-file.ts';
import { askPresence, socketPrefix } from './presence.ts';

/** A file on its way to its name is there for moments; after so long its process is gone, ms. */
const partAgeMs = 10 * 60_000;

/**
 * Removes what processes that were killed left beside a lock: sockets that refuse, files that never
 * came to their name, and claims to what nobody holds any more. What can't be removed stays: it is
 * nobody's lock.
 *
 * @param instance the acquisition that has the lock now
 */
export const sweepLeftovers = async (file: string, instance: string): Promise<void> => {
  const folder = dirname(file);
  const prefix = socketPrefix(basename(file));
  const isPart = partPattern(file);
  const isMidway = (name: string): boolean =>
    isPart.test(name) ||
    (name.startsWith(prefix) && name.endsWith('.new')) ||
    (name.startsWith(`${basename(file)}.takeover-`) && !name.endsWith(instance));
  let now: number | null | undefined;
  const isStale = async (name: string): Promise<boolean> => {
    if (name.startsWith(prefix) && name.endsWith('.sock'))
      return (await askPresence(folder, name)) === 'refused';
    if (!isMidway(name)) return false;
    now ??= await fileSystemNowMs(file);
    return now !== null && now - (await stat(join(folder, name))).mtimeMs > partAgeMs;
  };
  for (const name of await readdir(folder).catch(() => []))
    try {
      if (await isStale(name)) await rm(join(folder, name), { force: true });
    } catch {
      // Another process swept it first, or it is another user's: either way it is in nobody's way.
    }
};
