import { utimesSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import { codeOf } from '../error-code.ts';
import { makeFolder, removeFile, writeNew } from './durable.ts';
import { describeOwner, isOwnerAlive, ownerTag } from './owner.ts';

/** A mark of another machine that was not refreshed for this long is taken over, ms. */
const leaseMs = 15 * 60_000;
/** How often its holder refreshes it, ms. */
const refreshMs = 60_000;

/** The one flusher's mark. */
export type FlushLock =
  | {
      readonly kind: 'ours';
      /** To be called after each delivery: says that the holder is still at work. */
      refresh(): void;
      leave(): void;
    }
  /** Who has it, for a person. */
  | { readonly kind: 'busy'; readonly heldBy: string };

const holderOf = async (file: string): Promise<{ tag: string; ageMs(nowMs: number): number }> => {
  const tag = (await readFile(file, 'utf8')).trim();
  const { mtimeMs } = await stat(file);
  return { tag, ageMs: (nowMs) => nowMs - mtimeMs };
};

/** Takes the mark, also that of a process that is gone. */
export const enterFlush = async (folder: string, clock: Clock): Promise<FlushLock> => {
  const file = join(folder, 'flush.lock');
  await makeFolder(folder);
  const tag = ownerTag();
  let heldBy = 'another process';
  for (let round = 0; round < 3; round++) {
    if (await writeNew(file, tag)) {
      let refreshedAt = clock.now();
      const refresh = (): void => {
        const nowMs = clock.now();
        if (nowMs - refreshedAt < refreshMs) return;
        refreshedAt = nowMs;
        utimesSync(file, nowMs / 1000, nowMs / 1000);
      };
      return { kind: 'ours', refresh, leave: () => removeFile(file) };
    }
    try {
      const holder = await holderOf(file);
      const isAlive = isOwnerAlive(holder.tag);
      if (isAlive === true) return { kind: 'busy', heldBy: describeOwner(holder.tag) };
      heldBy = `${describeOwner(holder.tag)}; its ${file} is taken over ${leaseMs / 60_000} min after its last sign of life`;
      if (isAlive === null && holder.ageMs(clock.now()) < leaseMs) return { kind: 'busy', heldBy };
    } catch (error) {
      // Left between our two looks.
      if (codeOf(error) === 'ENOENT') continue;
      throw error;
    }
    removeFile(file);
  }
  return { kind: 'busy', heldBy };
};
