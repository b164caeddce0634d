import {
  type BigIntStats,
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readSync,
} from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '@dhash/basics/message-of';
import { isSystemError, systemCode } from '../errors.ts';
import { CHUNK_BYTES, CHUNKS_HELD } from '../zip/deflate-chunks.ts';

/** A file that can't be read whole; the backup goes on without it and is an incomplete one. */
export class UnreadableFile extends Error {
  /** `gone`: it was listed, and nothing or something else has its name now. */
  readonly kind: 'changed' | 'failed' | 'gone';
  constructor(kind: 'changed' | 'failed' | 'gone', message: string, cause?: unknown) {
    super(message, { cause });
    this.kind = kind;
  }
}

/** Waits between attempts at a file that changed while it was read, ms. */
const RETRY_DELAYS_MS: readonly number[] = [50, 200, 1000];

/** A file open for one attempt to read it. */
export interface StableFile {
  readonly stat: BigIntStats;
  /** Reads up to `length` bytes, into `buffer` where one is given; fewer only at the file's end. */
  read(at: number, length: number, buffer?: Buffer): Promise<Buffer>;
  /**
   * The file in chunks of 1 MiB, to its end and not to its announced size. A chunk is valid until eight more
   * were read.
   */
  chunks(): AsyncGenerator<Buffer>;
}

/** More than `deflateChunks` holds at once. */
const CHUNKS_VALID = CHUNKS_HELD + 2;

/** What has its name now is nothing, or a link, a file where a folder was, a socket. */
const REPLACED: ReadonlySet<string> = new Set(['ENOENT', 'ELOOP', 'ENOTDIR', 'ENXIO']);

const asUnreadable = (error: unknown): never => {
  // Programming errors and aborts go up as they are; only the system's answers make a file unreadable.
  if (isSystemError(error))
    throw new UnreadableFile(
      REPLACED.has(systemCode(error) ?? '') ? 'gone' : 'failed',
      messageOf(error),
      error,
    );
  throw error;
};

const readUpTo = async (
  handle: FileHandle,
  at: number,
  length: number,
  buffer: Buffer = Buffer.allocUnsafe(length),
): Promise<Buffer> => {
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle
      .read(buffer, done, length - done, at + done)
      .catch(asUnreadable);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done === length ? buffer : buffer.subarray(0, done);
};

/** Reads the next chunk while the one before is worked on. */
async function* readChunks(handle: FileHandle, bytes: number, signal: AbortSignal | undefined) {
  // Buffers are used in turn: the collector is slow to give so much memory back.
  const buffers: Buffer[] = [];
  const readAt = (index: number): Promise<Buffer> => {
    const turn = index % (CHUNKS_VALID + 1);
    buffers[turn] ??= Buffer.allocUnsafe(CHUNK_BYTES);
    const chunk = readUpTo(handle, index * CHUNK_BYTES, CHUNK_BYTES, buffers[turn]);
    // A failure comes with its chunk's turn; until then it must not count as unhandled.
    chunk.catch(() => undefined);
    return chunk;
  };
  let coming = readAt(0);
  try {
    for (let index = 0; ; index++) {
      signal?.throwIfAborted();
      const chunk = await coming;
      // A file that grows as fast as it is read has no end.
      if (index * CHUNK_BYTES + chunk.length > bytes)
        throw new UnreadableFile('changed', 'it grew while it was read');
      const isLast = chunk.length < CHUNK_BYTES;
      if (!isLast) coming = readAt(index + 1);
      if (chunk.length > 0) yield chunk;
      if (isLast) return;
    }
  } finally {
    // The caller may have stopped early, and closes the file next.
    await Promise.allSettled([coming]);
  }
}

const sameContent = (a: BigIntStats, b: BigIntStats): boolean =>
  a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs;
const sameFile = (a: BigIntStats, b: BigIntStats): boolean => a.dev === b.dev && a.ino === b.ino;

/**
 * Whether what was read is the whole file as it was before and is now, by its size and by what the system says.
 *
 * @param after what has its name now: where that is the same file, it tells of the one that was read
 */
const isWhole = (before: BigIntStats, bytes: number, after: BigIntStats): boolean =>
  sameFile(before, after) && sameContent(before, after) && BigInt(bytes) === before.size;

/** Not through a link, and without waiting for whoever is at the other end of a pipe. */
const OPEN_FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/**
 * A small file by one look at it, without a thread of the pool. `buffer` has room for one byte more than the file may have: one that
 * grew is seen. Null where it is larger, changes or can't be read: `readStable` looks again, and says what is the matter.
 */
export const readAtOnce = (
  path: Buffer,
  buffer: Buffer,
): { readonly plain: Buffer; readonly stat: BigIntStats } | null => {
  let fd: number | undefined;
  try {
    fd = openSync(path, OPEN_FLAGS);
    const before = fstatSync(fd, { bigint: true });
    if (!before.isFile()) return null;
    const bytes = readSync(fd, buffer, 0, buffer.length, 0);
    return isWhole(before, bytes, lstatSync(path, { bigint: true }))
      ? { plain: buffer.subarray(0, bytes), stat: before }
      : null;
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

type Use<T> = (file: StableFile) => Promise<{ readonly value: T; readonly bytes: number }>;

/** One attempt. */
const readOnce = async <T>(
  path: Buffer,
  signal: AbortSignal | undefined,
  use: Use<T>,
): Promise<T> => {
  const handle = await open(path, OPEN_FLAGS).catch(asUnreadable);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw new UnreadableFile('gone', 'it is no longer a regular file');
    const { value, bytes } = await use({
      stat: before,
      read: (at, length, buffer) => readUpTo(handle, at, length, buffer),
      chunks: () => readChunks(handle, Number(before.size), signal),
    });
    const after = await lstat(path, { bigint: true }).catch(asUnreadable);
    if (!isWhole(before, bytes, after))
      throw new UnreadableFile('changed', 'it changed while it was read');
    return value;
  } finally {
    await handle.close();
  }
};

export interface ReadOptions {
  readonly signal?: AbortSignal | undefined;
  readonly retryDelaysMs?: readonly number[] | undefined;
}

/** Runs one attempt, and undoes what it did where it throws. */
export type Attempt = <T>(read: () => Promise<T>) => Promise<T>;

/**
 * Reads a file that must not change meanwhile; where it does, again after a pause, as often as there are pauses.
 *
 * @throws UnreadableFile
 */
export const readStable = async <T>(
  path: Buffer,
  { signal, retryDelaysMs = RETRY_DELAYS_MS }: ReadOptions,
  use: Use<T>,
  attemptTo: Attempt = (read) => read(),
): Promise<T> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await attemptTo(() => readOnce(path, signal, use));
    } catch (error) {
      if (!(error instanceof UnreadableFile) || error.kind !== 'changed') throw error;
      const delayMs = retryDelaysMs[attempt];
      if (delayMs === undefined)
        throw new UnreadableFile(
          'changed',
          `it changed each of the ${attempt + 1} times that it was read`,
          error,
        );
      await sleep(delayMs, undefined, signal === undefined ? {} : { signal });
    }
  }
};
