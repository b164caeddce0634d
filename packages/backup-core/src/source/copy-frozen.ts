import { type FileHandle, open } from 'node:fs/promises';
import { factsOf, isSameStat, type StatFacts } from '../stat-facts.ts';

const PIECE_BYTES = 2 ** 20;

export interface FrozenCopyOptions {
  /** The database, open. */
  readonly from: FileHandle;
  /** What it was when its transaction began. */
  readonly facts: StatFacts;
  /** Pages of the database, in bytes; its file may be longer. */
  readonly bytes: number;
  /** An empty file. */
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
  /** Makes the error of a database that can't be read. */
  readonly asUnreadable: (error: unknown) => Error;
}

/**
 * Copies a database's file as it lies there, at the disk's speed, where a read transaction keeps everybody from
 * writing to it: without a log the transaction's lock holds off writers (rollback journal) or checkpoints (a log that
 * was empty when it began; what is committed since is in the log).
 *
 * Returns `changed` where the file was written to nevertheless, by a program that does not keep to SQLite's locks;
 * the copy is empty again then.
 */
export const copyFrozen = async (options: FrozenCopyOptions): Promise<'copied' | 'changed'> => {
  const { from, facts, bytes, to, signal, onBytes, asUnreadable } = options;
  const copy = await open(to, 'r+');
  try {
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    let done = 0;
    while (done < bytes) {
      signal?.throwIfAborted();
      const { bytesRead } = await from
        .read(buffer, 0, Math.min(PIECE_BYTES, bytes - done), done)
        .catch((error: unknown) => {
          throw asUnreadable(error);
        });
      if (bytesRead === 0) break;
      await copy.writeFile(buffer.subarray(0, bytesRead));
      done += bytesRead;
      onBytes?.(done, bytes);
    }
    const isSame = isSameStat(facts, factsOf(await from.stat({ bigint: true })));
    if (done === bytes && isSame) return 'copied';
    await copy.truncate(0);
    return 'changed';
  } finally {
    await copy.close();
  }
};
