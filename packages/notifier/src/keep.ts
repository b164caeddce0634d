import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '@dhash/basics/code-of';
import type { Message } from './message.ts';
import type { Receipt } from './receipt.ts';
import { renderEmail } from './render/email.ts';
import { makeFolder, removeFile, writeNew } from './spool/durable.ts';

/** Messages kept as files. */
export interface Kept {
  /** Keeps one, and removes those that are too old. */
  add(message: Message): Promise<Receipt>;
  /** Removes those that are too old; never rejects for what the disk does. */
  prune(): Promise<void>;
}

/**
 * Without a channel that is on, a message still exists: as JSON and as text that a person can read
 * and send by hand.
 */
export const openKept = (
  folder: string,
  { now, maxAgeMs }: { readonly now: () => number; readonly maxAgeMs: number },
): Kept => {
  const removeOld = async (file: string): Promise<void> => {
    const { mtimeMs } = await stat(file);
    if (now() - mtimeMs > maxAgeMs) removeFile(file);
  };

  const prune = async (): Promise<void> => {
    try {
      const names = await readdir(folder);
      const ours = names.filter((name) => /^\d{8}T\d{6}Z?-.+\.(json|txt)$/.test(name));
      await Promise.all(ours.map((name) => removeOld(join(folder, name))));
    } catch (error) {
      // No folder yet, or another process was faster. Anything else keeps old files, and loses none.
      if (codeOf(error) === '') throw error;
    }
  };

  const add = async (message: Message): Promise<Receipt> => {
    const name = `${message.at.replace(/[^0-9TZ]/g, '').slice(0, 15)}-${message.id}`;
    const base: Receipt = { channel: 'file', status: 'off', attempts: 0, ms: 0 };
    try {
      await makeFolder(folder);
      await writeNew(join(folder, `${name}.json`), `${JSON.stringify(message, null, 2)}\n`);
      await writeNew(join(folder, `${name}.txt`), renderEmail(message).text);
    } catch (error) {
      return {
        ...base,
        status: 'lost',
        reason: `it can't be kept in ${folder} (${codeOf(error)})`,
      };
    }
    await prune();
    return {
      ...base,
      reason: 'no channel is on; kept as a file',
      receipt: join(folder, `${name}.txt`),
    };
  };

  return { add, prune };
};
