import { createHash } from 'node:crypto';
import { crc32, createInflateRaw, inflateRaw, inflateRawSync } from 'node:zlib';
import { messageOf } from '@dhash/basics/message-of';
import { bufferPool } from '../buffer-pool.ts';
import { systemCode } from '../errors.ts';
import { STORED } from './format.ts';
import type { ArchiveEntry } from './read-archive.ts';
import { type OpenFile, refuse } from './read-structure.ts';

/** Entries up to this size are inflated in one go, in memory. */
const SMALL_BYTES = 2 ** 20;
const READ_BYTES = 2 ** 20;

/** Buffers for what is stored: a collector that meets many of them runs more often than there is need to. */
const pool = bufferPool(8 * READ_BYTES);

/** As `readRange`. Whoever stops early leaves the buffers to the collector. */
async function* readStored(open: OpenFile, at: number, bytes: number): AsyncGenerator<Buffer> {
  const length = Math.min(READ_BYTES, bytes);
  const buffers = [pool.take(length), pool.take(bytes > length ? length : 0)] as const;
  yield* readRange(open, at, bytes, buffers);
  for (const buffer of buffers) pool.give(buffer);
}

/** A part is valid until the next one is asked for. */
async function* readRange(
  open: OpenFile,
  at: number,
  bytes: number,
  buffers: readonly [Buffer, Buffer],
): AsyncGenerator<Buffer> {
  // One read ahead: the disk works while the caller hashes.
  let [buffer, other] = buffers;
  const length = buffer.length;
  const read = (from: number) => {
    const wanted = Math.min(length, bytes - from);
    return open.read(at + from, wanted, buffer.subarray(0, wanted));
  };
  let next = bytes > 0 ? read(0) : undefined;
  for (let done = 0; next !== undefined; ) {
    const part: Buffer = await next;
    done += part.length;
    [buffer, other] = [other, buffer];
    next = done < bytes ? read(done) : undefined;
    next?.catch(() => undefined);
    yield part;
  }
}

/** Up to this size a job costs the pool more than it takes here. */
const AT_ONCE_BYTES = 2 ** 14;

/** With `info` Node answers { buffer, engine }, which its types don't say. */
const inflated = (result: unknown): { plain: Buffer; consumedBytes: number } => {
  const { buffer, engine } = result as { buffer: Buffer; engine: { bytesWritten: number } };
  return { plain: buffer, consumedBytes: engine.bytesWritten };
};

const inflateSmall = async (
  packed: Buffer,
  limit: number,
): Promise<{ plain: Buffer; consumedBytes: number }> => {
  const options = { maxOutputLength: Math.max(limit, 1), info: true };
  if (limit <= AT_ONCE_BYTES) return inflated(inflateRawSync(packed, options));
  return new Promise((resolve, reject) => {
    inflateRaw(packed, options, (error, result) =>
      error === null ? resolve(inflated(result)) : reject(error),
    );
  });
};

const tooLong = (open: OpenFile, entry: ArchiveEntry): never =>
  refuse(open.file, 11, `it inflates to more than its ${entry.plainBytes} bytes`, entry.name);

const checkConsumed = (open: OpenFile, entry: ArchiveEntry, consumedBytes: number): void => {
  if (consumedBytes !== entry.packedBytes)
    refuse(
      open.file,
      11,
      `its deflate stream ends after ${consumedBytes} of ${entry.packedBytes} bytes`,
      entry.name,
    );
};

const refuseInflate = (open: OpenFile, entry: ArchiveEntry, error: unknown): never => {
  if (systemCode(error) === 'ERR_BUFFER_TOO_LARGE') return tooLong(open, entry);
  if (systemCode(error)?.startsWith('Z_') === true)
    return refuse(open.file, 11, `its data can't be inflated: ${messageOf(error)}`, entry.name);
  throw error;
};

/** Until the stream takes more, or is done for. */
const drained = (inflate: ReturnType<typeof createInflateRaw>): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      inflate.off('drain', done);
      inflate.off('close', done);
      resolve();
    };
    inflate.on('drain', done);
    inflate.on('close', done);
  });

async function* inflateStream(open: OpenFile, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  const inflate = createInflateRaw({ chunkSize: 256 * 1024 });
  const length = Math.min(READ_BYTES, entry.packedBytes);
  // Not of the pool: the stream may still read what it was given last.
  const buffers = [Buffer.allocUnsafe(length), Buffer.allocUnsafe(length)] as const;
  const feed = async () => {
    for await (const part of readRange(open, entry.dataAt, entry.packedBytes, buffers)) {
      if (inflate.destroyed || inflate.writableEnded) return;
      if (!inflate.write(part)) await drained(inflate);
    }
    inflate.end();
  };
  const fed = feed().catch((error: unknown) => {
    inflate.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  try {
    for await (const part of inflate) yield part as Buffer;
    checkConsumed(open, entry, inflate.bytesWritten);
  } catch (error) {
    refuseInflate(open, entry, error);
  } finally {
    inflate.destroy();
    await fed;
  }
}

async function* plainParts(open: OpenFile, entry: ArchiveEntry): AsyncGenerator<Buffer> {
  if (entry.method === STORED) {
    yield* readStored(open, entry.dataAt, entry.packedBytes);
  } else if (entry.plainBytes <= SMALL_BYTES && entry.packedBytes <= SMALL_BYTES) {
    const packed = await open.read(entry.dataAt, entry.packedBytes);
    let result: { plain: Buffer; consumedBytes: number };
    try {
      result = await inflateSmall(packed, entry.plainBytes);
    } catch (error) {
      return refuseInflate(open, entry, error);
    }
    checkConsumed(open, entry, result.consumedBytes);
    yield result.plain;
  } else {
    yield* inflateStream(open, entry);
  }
}

/** SHA-256 (hex) of an entry's plain bytes, once all of them have gone by. */
export interface EntryDigest {
  sha256: string;
}

/**
 * The plain bytes of an entry, each part valid until the next is asked for, by rule 11: never more than it announces, the whole deflate stream and
 * nothing behind it, the right CRC. The digest is set at the end.
 *
 * @throws BackupError `bad-archive`, rule 11.
 */
export async function* readEntry(
  open: OpenFile,
  entry: ArchiveEntry,
  digest: EntryDigest,
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  const sha256 = createHash('sha256');
  let crc = 0;
  let bytes = 0;
  for await (const part of plainParts(open, entry)) {
    signal?.throwIfAborted();
    bytes += part.length;
    if (bytes > entry.plainBytes) return tooLong(open, entry);
    crc = crc32(part, crc);
    sha256.update(part);
    yield part;
  }
  if (bytes !== entry.plainBytes)
    refuse(open.file, 11, `it has ${bytes} bytes, not ${entry.plainBytes}`, entry.name);
  if (crc !== entry.crc32) refuse(open.file, 11, 'its CRC-32 does not match its data', entry.name);
  digest.sha256 = sha256.digest('hex');
}
