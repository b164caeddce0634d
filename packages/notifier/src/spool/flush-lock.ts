import { createHash } from 'node:crypto';
import { utimesSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@dhash/basics/code-of';
import type { Clock } from '../clock.ts';
import { makeFolder, removeFile, writeNew } from './durable.ts';
import { describeOwner, isOwnerAlive, type OwnerTag, ownerTag } from './owner.ts';

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
      leave(): Promise<void>;
    }
  /** Who has it, for a person. */
  | { readonly kind: 'busy'; readonly heldBy: string };

/** A mark as it was found. */
type Mark = { readonly tag: OwnerTag; readonly ageMs: (nowMs: number) => number };

/** Null where there is none (any more). */
const readMark = async (file: string): Promise<Mark | null> => {
  try {
    const tag = (await readFile(file, 'utf8')).trim();
    const { mtimeMs } = await stat(file);
    return { tag, ageMs: (nowMs) => nowMs - mtimeMs };
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
};

/** Who a mark keeps everybody else off for; null where it is that of a process that is gone. */
const holderOf = (file: string, { tag, ageMs }: Mark, clock: Clock): string | null => {
  const isAlive = isOwnerAlive(tag);
  if (isAlive === true) return describeOwner(tag);
  if (isAlive === false || ageMs(clock.now()) >= leaseMs) return null;
  return `${describeOwner(tag)}; its ${file} is taken over ${leaseMs / 60_000} min after its last sign of life`;
};

/** The mark of who takes another's mark over. Of its tag a digest: a name must not hold whatever a file says. */
export const takeoverFile = (file: string, tag: OwnerTag): string =>
  `${file}.takeover-${createHash('sha256').update(tag).digest('hex').slice(0, 16)}`;

type Claim =
  | { readonly kind: 'claimed'; readonly drop: () => void }
  | { readonly kind: 'claimed-by'; readonly heldBy: string };

/**
 * The sole right to remove the mark `gone`: of two that find it one gets it, and a slow one can't remove the mark
 * of the fast one. A claim whose claimant died is taken over in the same way.
 */
const claimOf = async (
  file: string,
  gone: OwnerTag,
  tag: OwnerTag,
  clock: Clock,
): Promise<Claim> => {
  const path = takeoverFile(file, gone);
  for (;;) {
    if (await writeNew(path, tag)) return { kind: 'claimed', drop: () => removeFile(path) };
    const other = await readMark(path);
    if (other === null) continue;
    const heldBy = holderOf(path, other, clock);
    if (heldBy !== null) return { kind: 'claimed-by', heldBy };
    const inherited = await claimOf(file, other.tag, tag, clock);
    if (inherited.kind === 'claimed-by') return inherited;
    return {
      kind: 'claimed',
      drop: () => {
        removeFile(path);
        inherited.drop();
      },
    };
  }
};

const removeOwn = async (file: string, tag: OwnerTag): Promise<void> => {
  if ((await readMark(file))?.tag === tag) removeFile(file);
};

/** Takes the mark, also that of a process that is gone. Never waits: each turn that it takes is another process's progress. */
export const enterFlush = async (folder: string, clock: Clock): Promise<FlushLock> => {
  const file = join(folder, 'flush.lock');
  await makeFolder(folder);
  const tag = ownerTag();
  for (;;) {
    if (await writeNew(file, tag)) {
      let refreshedAt = clock.now();
      const refresh = (): void => {
        const nowMs = clock.now();
        if (nowMs - refreshedAt < refreshMs) return;
        refreshedAt = nowMs;
        utimesSync(file, nowMs / 1000, nowMs / 1000);
      };
      return { kind: 'ours', refresh, leave: () => removeOwn(file, tag) };
    }
    const found = await readMark(file);
    if (found === null) continue;
    const heldBy = holderOf(file, found, clock);
    if (heldBy !== null) return { kind: 'busy', heldBy };
    const claim = await claimOf(file, found.tag, tag, clock);
    if (claim.kind === 'claimed-by') return { kind: 'busy', heldBy: claim.heldBy };
    try {
      // Who was faster has put a mark of its own there meanwhile.
      await removeOwn(file, found.tag);
    } finally {
      claim.drop();
    }
  }
};
