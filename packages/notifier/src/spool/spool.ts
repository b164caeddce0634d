import { statSync } from 'node:fs';
import { link, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { codeOf } from '@dhash/basics/code-of';
import { openDeadFolder } from './dead-folder.ts';
import {
  makeFolder,
  namesIn,
  readIfThere,
  removeFile,
  replaceFile,
  syncFolder,
  takeFile,
  writeNew,
} from './durable.ts';
import { createFolderSync } from './folder-sync.ts';
import { isOwnerAlive, ownerTag } from './owner.ts';
import { channelSlug, type Death, parseRecord, recordName, type SpoolRecord } from './record.ts';

/** A claim of another machine, of which nothing can be known, is taken over after this, ms. */
const leaseMs = 15 * 60_000;
/** A temporary file this old is what a killed writer left, ms. */
const temporaryMs = 60 * 60_000;

/** A file of the spool. */
export interface SpoolEntry {
  /** `<id>.<channel>.json`, claimed or not. */
  readonly name: string;
  readonly file: string;
  /** Who is at it; null: free. */
  readonly claimedBy: string | null;
}

/** A record that only this process may deliver, until it is settled. */
export interface Claim {
  readonly file: string;
  readonly name: string;
}

/** Records remembered by their inode; a longer spool is read again. */
const knownAtMost = 5000;

/** How often one of two that add the same message looks whether the other has gone. */
const looksForTwins = 100;

/** Removals of delivered records within this time share one sync of their folder, ms. */
const syncEveryMs = 100;

const claimPattern = /^(.+\.json)\.([a-f0-9-]+)\.claim$/;

const bodyOf = (value: unknown): string => `${JSON.stringify(value, null, 1)}\n`;

/**
 * The outbox: a file a message and channel, written before the first try and removed after the
 * receipt. A claim is a rename, so of two who want a record exactly one gets it.
 */
export const openSpool = (folder: string, now: () => number) => {
  const spool = join(folder, 'spool');
  const dead = openDeadFolder(folder, now);
  const removals = createFolderSync({
    sync: () => syncFolder(spool),
    now,
    everyMs: syncEveryMs,
  });
  let isReady = false;
  // A file is never changed in place, only replaced: what was read once stays true of that inode.
  const known = new Map<string, ReturnType<typeof parseRecord>>();

  const ready = async (): Promise<void> => {
    if (isReady) return;
    await makeFolder(spool);
    await dead.ready();
    isReady = true;
  };

  const list = async (channel?: string): Promise<SpoolEntry[]> => {
    const suffix = channel === undefined ? '.json' : `.${channelSlug(channel)}.json`;
    return (await namesIn(spool))
      .map((file): SpoolEntry => {
        const claim = claimPattern.exec(file);
        return claim?.[1] !== undefined && claim[2] !== undefined
          ? { name: claim[1], file: join(spool, file), claimedBy: claim[2] }
          : { name: file, file: join(spool, file), claimedBy: null };
      })
      .filter(({ name }) => name.endsWith(suffix) && !name.startsWith('.'));
  };

  /** null where the file went away meanwhile. */
  const read = async (entry: {
    readonly file: string;
  }): Promise<{ record: SpoolRecord } | { problem: string } | null> => {
    const facts = statSync(entry.file, { bigint: true, throwIfNoEntry: false });
    if (facts === undefined) return null;
    const version = `${facts.ino}-${facts.mtimeNs}-${facts.size}`;
    const seen = known.get(version);
    if (seen !== undefined) return seen;
    const text = await readIfThere(entry.file);
    if (text === null) return null;
    const parsed = parseRecord(text);
    if (known.size >= knownAtMost) known.clear();
    known.set(version, parsed);
    return parsed;
  };

  const claimedBy = (name: string, tag: string): Claim => ({
    file: join(spool, `${name}.${tag}.claim`),
    name,
  });

  const claim = async (name: string): Promise<Claim | null> => {
    const held = claimedBy(name, ownerTag());
    return takeFile(join(spool, name), held.file) ? held : null;
  };

  const remove = async ({ file }: { readonly file: string }): Promise<void> => {
    removeFile(file);
    await syncFolder(spool);
  };

  return {
    folder,
    dead,
    list,
    read,
    claim,
    remove,

    /**
     * Removes a record that was delivered. That it is gone is durable after `settled()`: whoever says
     * so to a person awaits that first. A power cut before it brings the record back, for one copy more.
     */
    removeDelivered: async ({ file }: Claim): Promise<void> => {
      removeFile(file);
      await removals.removed();
    },

    settled: removals.settled,

    /** Whether there is no file at all. */
    isEmpty: async (): Promise<boolean> => (await namesIn(spool)).length === 0,

    /**
     * Writes a record that only this process may deliver; null where the same message already waits for
     * that channel. It is born claimed: a flush that runs beside can't take it from its sender.
     */
    add: async (record: SpoolRecord): Promise<Claim | null> => {
      await ready();
      const name = recordName(record.message.id, record.channel);
      const tag = ownerTag();
      const own = claimedBy(name, tag);
      const twins = async (): Promise<SpoolEntry[]> =>
        (await list(record.channel)).filter(
          (entry) => entry.name === name && entry.file !== own.file,
        );
      // Whoever sees nobody beside its own file keeps it: a file that is written later sees it, and gives way.
      const isAlone = async (): Promise<boolean> => {
        for (let look = 0; look < looksForTwins; look++) {
          const others = await twins();
          if (others.length === 0) return true;
          // Of two that see each other the lesser tag waits, and the other one goes.
          if (others.some(({ claimedBy }) => claimedBy === null || claimedBy < tag)) return false;
          await setImmediate();
        }
        return false;
      };
      for (;;) {
        if ((await twins()).length > 0) return null;
        await writeNew(own.file, bodyOf(record));
        if (await isAlone()) return own;
        await remove(own);
      }
    },

    /** Puts a claimed record back as it is. */
    giveBack: async (held: Claim): Promise<void> => {
      takeFile(held.file, join(spool, held.name));
    },

    /** Puts a claimed record back, changed. */
    release: async (held: Claim, record: SpoolRecord): Promise<void> => {
      await replaceFile(join(spool, held.name), bodyOf(record));
      await remove(held);
    },

    /** Moves a record to dead/ with its reason; a copy where `held` is null. */
    bury: async (held: Claim | null, record: SpoolRecord, death: Death): Promise<void> => {
      await dead.add(recordName(record.message.id, record.channel), record, death);
      if (held !== null) await remove(held);
    },

    /** Moves a file that is no record to dead/ as it is, with its reason beside it. */
    buryUnreadable: async (entry: SpoolEntry, problem: string): Promise<void> => {
      await ready();
      const text = await readIfThere(entry.file);
      if (text === null) return;
      const reason = `not readable as a spool file: ${problem}`;
      await dead.add(entry.name, { format: 1, unreadable: text }, { reason, isRefusal: false });
      await remove(entry);
    },

    /** Frees the claims of processes that are gone, and clears away what killed writers left. */
    recover: async (): Promise<number> => {
      let freed = 0;
      for (const entry of await list()) {
        if (entry.claimedBy === null) continue;
        const isAlive = isOwnerAlive(entry.claimedBy);
        if (isAlive === true) continue;
        try {
          if (isAlive === null && now() - (await stat(entry.file)).ctimeMs < leaseMs) continue;
          await link(entry.file, join(spool, entry.name));
          freed++;
        } catch (error) {
          // Put back already, by its owner's last act or by another that recovers.
          if (!['EEXIST', 'ENOENT'].includes(codeOf(error))) throw error;
        }
        await remove(entry);
      }
      for (const file of await namesIn(spool)) {
        if (!/^\..+\.tmp$/.test(file)) continue;
        const path = join(spool, file);
        try {
          if (now() - (await stat(path)).mtimeMs > temporaryMs) removeFile(path);
        } catch (error) {
          if (codeOf(error) !== 'ENOENT') throw error;
        }
      }
      return freed;
    },
  };
};

/** The outbox of a folder. */
export type Spool = ReturnType<typeof openSpool>;
