import { join } from 'node:path';
import { makeFolder, namesIn, readIfThere, removeFile, syncFolder, writeNew } from './durable.ts';
import { type DeadRecord, type Death, parseRecord } from './record.ts';

/** A file of dead/. */
export interface DeadEntry extends Death {
  readonly file: string;
  /** null: it could not be read as a record. */
  readonly record: DeadRecord | null;
  /** Epoch ms. */
  readonly at: number;
}

/** What a death is in a file. */
const deathIn = (text: string): (Death & { readonly at: number }) | null => {
  try {
    const { dead } = JSON.parse(text) as { dead?: Record<keyof Death | 'at', unknown> };
    return typeof dead?.at === 'number' && typeof dead.reason === 'string'
      ? { at: dead.at, reason: dead.reason, isRefusal: dead.isRefusal === true }
      : null;
  } catch {
    // Damaged by hand; it is still listed, as not readable.
    return null;
  }
};

/** What was given up, a file each, until a person has seen to it. */
export const openDeadFolder = (folder: string, now: () => number) => {
  const dead = join(folder, 'dead');

  const entryOf = async (file: string): Promise<DeadEntry | null> => {
    const text = await readIfThere(file);
    // Cleared or revived meanwhile.
    if (text === null) return null;
    const death = deathIn(text) ?? { at: 0, reason: 'not readable', isRefusal: false };
    const parsed = parseRecord(text);
    const record = 'record' in parsed && death.at > 0 ? { ...parsed.record, dead: death } : null;
    return { ...death, file, record };
  };

  return {
    ready: (): Promise<void> => makeFolder(dead),

    /** Writes one; a second of the same name gets a number. */
    add: async (name: string, content: object, death: Death): Promise<void> => {
      await makeFolder(dead);
      const body = `${JSON.stringify({ ...content, dead: { at: now(), ...death } }, null, 1)}\n`;
      for (let copy = 1; ; copy++) {
        const file = copy === 1 ? name : name.replace(/\.json$/, `.${copy}.json`);
        if (await writeNew(join(dead, file), body)) return;
      }
    },

    /** Oldest first. */
    list: async (): Promise<DeadEntry[]> => {
      const ours = (await namesIn(dead)).filter(
        (file) => file.endsWith('.json') && !file.startsWith('.'),
      );
      const entries: DeadEntry[] = [];
      for (const file of ours) {
        const entry = await entryOf(join(dead, file));
        if (entry !== null) entries.push(entry);
      }
      return entries.sort((a, b) => a.at - b.at || (a.file < b.file ? -1 : 1));
    },

    /** A person has seen to it. */
    remove: async ({ file }: DeadEntry): Promise<void> => {
      removeFile(file);
      await syncFolder(dead);
    },
  };
};
