import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { type Message, parseMessage } from '../message.ts';
import { makeFolder, namesIn, readIfThere, removeFile, replaceFile } from '../spool/durable.ts';
import type { RepeatState } from './policy.ts';

/** A message that is said again until somebody acknowledges its run. */
export interface Repeat extends RepeatState {
  readonly message: Message & { readonly run: string };
  /** Names of the channels that say it again. */
  readonly channels: readonly string[];
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

const parsed = (text: string | null): Repeat | null => {
  if (text === null) return null;
  try {
    const value = JSON.parse(text) as Record<keyof Repeat | 'format', unknown>;
    const { format, channels, startedAt, lastAt, count } = value;
    const message = parseMessage(value.message);
    const { run } = message;
    const isSound =
      format === 1 && isNumber(startedAt) && isNumber(lastAt) && isNumber(count) && run !== null;
    if (!isSound || !Array.isArray(channels)) return null;
    return {
      ...{ message: { ...message, run }, channels: channels.map(String) },
      ...{ startedAt, lastAt, count },
    };
  } catch {
    // Damaged by hand, or of a newer version: it is not repeated, and its message was sent.
    return null;
  }
};

/** What is repeated, a file a run. */
export const openRepeats = (folder: string) => {
  const fileOf = (run: string): string =>
    join(folder, `${createHash('sha256').update(run).digest('hex').slice(0, 32)}.json`);

  const keep = async (repeat: Repeat): Promise<void> => {
    await makeFolder(folder);
    const body = `${JSON.stringify({ format: 1, ...repeat }, null, 1)}\n`;
    await replaceFile(fileOf(repeat.message.run), body);
  };

  const find = async (run: string): Promise<Repeat | null> =>
    parsed(await readIfThere(fileOf(run)));

  return {
    keep,
    find,
    /** Ends the repetition of a run; null where there was none. */
    end: async (run: string): Promise<Repeat | null> => {
      const repeat = await find(run);
      removeFile(fileOf(run));
      return repeat;
    },
    /** Oldest first. */
    list: async (): Promise<Repeat[]> => {
      const found: Repeat[] = [];
      for (const name of await namesIn(folder)) {
        if (!name.endsWith('.json') || name.startsWith('.')) continue;
        const repeat = parsed(await readIfThere(join(folder, name)));
        if (repeat !== null) found.push(repeat);
      }
      return found.sort((a, b) => a.startedAt - b.startedAt);
    },
  };
};

/** What is repeated in a folder. */
export type Repeats = ReturnType<typeof openRepeats>;
