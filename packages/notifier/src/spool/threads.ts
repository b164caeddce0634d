import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@dhash/basics/code-of';
import { makeFolder, namesIn, readIfThere, removeFile, writeNew } from './durable.ts';

/** Where the messages of a run stand together in a chat. */
export interface Thread {
  /** The chat's own id of the channel. */
  readonly channel: string;
  /** The chat's id of the thread's head. */
  readonly head: string;
}

/** Threads that are known, a file each, so that all processes of a run find the same one. */
export interface Threads {
  find(key: string): Promise<Thread | null>;
  /** Keeps a thread; where another process was faster, its thread is the answer. */
  keep(key: string, thread: Thread): Promise<Thread>;
}

/** A run is over by then; who looks at an old one looks at its record. */
const oldMs = 30 * 24 * 3_600_000;

const parsed = (text: string | null): Thread | null => {
  if (text === null) return null;
  try {
    const { channel, head } = JSON.parse(text) as Partial<Record<keyof Thread, unknown>>;
    return typeof channel === 'string' && typeof head === 'string' ? { channel, head } : null;
  } catch {
    // Damaged by hand: the run gets another thread.
    return null;
  }
};

/** Threads in `folder`, which is made when the first one is kept. */
export const openThreads = (folder: string, now: () => number): Threads => {
  const fileOf = (key: string): string =>
    join(folder, `${createHash('sha256').update(key).digest('hex').slice(0, 32)}.json`);

  const removeOld = async (): Promise<void> => {
    for (const name of await namesIn(folder)) {
      const file = join(folder, name);
      try {
        if (now() - (await stat(file)).mtimeMs > oldMs) removeFile(file);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT') throw error;
      }
    }
  };

  const find = async (key: string): Promise<Thread | null> =>
    parsed(await readIfThere(fileOf(key)));

  return {
    find,
    keep: async (key, thread) => {
      await makeFolder(folder);
      await removeOld();
      if (await writeNew(fileOf(key), `${JSON.stringify(thread)}\n`)) return thread;
      return (await find(key)) ?? thread;
    },
  };
};
