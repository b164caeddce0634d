import { createHash, hash } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { type ArchivedFile, type ReadMeans, SMALL_BYTES } from './archive-file.ts';
import type { BackupFile } from './backup-files.ts';
import { type BufferPool, bufferPool } from './buffer-pool.ts';
import { isSystemError } from './errors.ts';
import type { PreviousBackup } from './previous-backup.ts';
import type { SystemPace } from './source/system-pace.ts';
import { CHUNK_BYTES, CHUNKS_HELD, type ChunkSource } from './zip/deflate-chunks.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** A file that did not change since the previous backup: its packed bytes are there. */
export interface ReusableFile {
  readonly kind: 'reusable';
  readonly previous: BackupFile;
  readonly stat: ArchivedFile['stat'];
  /** Its packed bytes, checked; those of a large file are read when its turn comes. */
  readonly body: Buffer | 'large';
}

/** The packed bytes in the previous backup are not what they were. */
class RottenCopy extends Error {}

/** Bytes of an archive that have a digest of their own. */
type Part = { readonly bytes: number; readonly sha256: string };

const partsOf = ({ line, entry }: BackupFile): readonly Part[] =>
  line.chunks?.map(({ packedBytes, packedSha256 }) => ({
    bytes: packedBytes,
    sha256: packedSha256,
  })) ?? [{ bytes: entry.packedBytes, sha256: line.packedSha256 ?? line.sha256 }];

/** A file as it was archived, where its packed bytes are sound as far as they are looked at yet. */
export const readReusable = async (
  previous: PreviousBackup,
  file: BackupFile,
  stat: ArchivedFile['stat'],
  pool: BufferPool,
): Promise<ReusableFile | null> => {
  const found = { kind: 'reusable', previous: file, stat } as const;
  if (file.entry.plainBytes > SMALL_BYTES) return { ...found, body: 'large' };
  const { dataAt, packedBytes } = file.entry;
  const body = await previous.read(dataAt, packedBytes, pool.take(packedBytes));
  const [part] = partsOf(file);
  if (body === null || hash('sha256', body, 'hex') !== part?.sha256) return null;
  return { ...found, body };
};

/** Null where it can't be looked at: it is read as usual then, which says why it can't be. */
const lookAt = async (path: Buffer, pace: SystemPace): Promise<ArchivedFile['stat'] | null> => {
  try {
    return (
      pace.atOnce(() => lstatSync(path, { bigint: true })) ?? (await lstat(path, { bigint: true }))
    );
  } catch (error) {
    if (!isSystemError(error)) throw error;
    return null;
  }
};

/** Looks whether a file is the one that was archived before, and its packed bytes are sound. */
export const findReusable = async (
  previous: PreviousBackup,
  path: string,
  diskPath: Buffer,
  { pool, pace }: ReadMeans,
): Promise<ReusableFile | null> => {
  const stat = await lookAt(diskPath, pace);
  const file = stat?.isFile() === true ? previous.unchanged(path, stat) : null;
  return stat === null || file === null ? null : readReusable(previous, file, stat, pool);
};

/** Packed bytes of a large file, each part checked before its last bytes are handed on. */
async function* readParts(
  backup: PreviousBackup,
  file: BackupFile,
  pool: BufferPool,
): AsyncGenerator<Buffer> {
  const buffer = pool.take(CHUNK_BYTES);
  let at = file.entry.dataAt;
  for (const { bytes, sha256 } of partsOf(file)) {
    const digest = createHash('sha256');
    for (const end = at + bytes; at < end; ) {
      const length = Math.min(CHUNK_BYTES, end - at);
      const piece = await backup.read(at, length, buffer.subarray(0, length));
      if (piece === null) throw new RottenCopy();
      at += piece.length;
      digest.update(piece);
      if (at === end && digest.digest('hex') !== sha256) throw new RottenCopy();
      yield piece;
    }
  }
  pool.give(buffer);
}

/** Whether all packed bytes of a file are what they were: asked where there will be no second way to its content. */
export const isSound = async (backup: PreviousBackup, file: BackupFile): Promise<boolean> => {
  try {
    for await (const _ of readParts(backup, file, bufferPool(0)));
    return true;
  } catch (error) {
    if (error instanceof RottenCopy) return false;
    throw error;
  }
};

/** Writes packed bytes of the previous backup. Null where they rotted: nothing is written then. */
export const addReused = async (
  writer: ArchiveWriter,
  backup: PreviousBackup,
  name: string,
  { previous, stat, body }: ReusableFile,
  pool: BufferPool,
): Promise<ArchivedFile | null> => {
  const { line, entry } = previous;
  const { method, crc32, plainBytes, packedBytes } = entry;
  const known = { name, method, crc32, plainBytes, packedBytes };
  if (body === 'large') {
    const parts = readParts(backup, previous, pool);
    try {
      await writer.attempt(() =>
        entry.descriptor
          ? writer.addStreamed(name, plainBytes, parts, () => known)
          : writer.addKnown(known, parts),
      );
    } catch (error) {
      if (error instanceof RottenCopy) return null;
      throw error;
    }
  } else {
    await writer.addKnown(known, [body]);
    pool.give(body);
  }
  const { size, sha256, packedSha256, chunks } = line;
  const content = {
    size,
    sha256,
    ...(packedSha256 === undefined ? {} : { packedSha256 }),
    ...(chunks === undefined ? {} : { chunks }),
  };
  return { content, stat };
};

/**
 * Packed chunks of a file's earlier state. A chunk depends on its own bytes and the chunk before it alone, so
 * where both are what they were, its packed bytes are too. One that rotted is packed anew.
 */
export const chunkSource = (
  backup: PreviousBackup,
  path: string,
  onReuse: () => void,
): ChunkSource | undefined => {
  const file = backup.file(path);
  const chunks = file?.line.chunks;
  if (file === null || chunks === undefined) return undefined;
  const places: number[] = [];
  let at = file.entry.dataAt;
  for (const { packedBytes } of chunks) {
    places.push(at);
    at += packedBytes;
  }
  if (at !== file.entry.dataAt + file.entry.packedBytes) return undefined;
  // Used in turn: the collector is slow to give so much memory back.
  const buffers: Buffer[] = [];
  let turn = 0;
  const nextBuffer = (size: number): Buffer => {
    turn = (turn + 1) % (CHUNKS_HELD + 1);
    const used = buffers[turn];
    const buffer = used !== undefined && used.length >= size ? used : Buffer.allocUnsafeSlow(size);
    buffers[turn] = buffer;
    return buffer.subarray(0, size);
  };
  return async ({ index, sha256, beforeSha256, position }) => {
    const chunk = chunks[index];
    const place = places[index];
    const wasLast = index === chunks.length - 1;
    if (chunk === undefined || place === undefined) return null;
    if (chunk.sha256 !== sha256 || wasLast !== (position === 'last')) return null;
    if (index > 0 && chunks[index - 1]?.sha256 !== beforeSha256) return null;
    const { packedBytes, packedSha256 } = chunk;
    const packed = await backup.read(place, packedBytes, nextBuffer(packedBytes));
    if (packed === null || hash('sha256', packed, 'hex') !== packedSha256) return null;
    onReuse();
    return { packed, packedSha256 };
  };
};
