import { createHash, hash } from 'node:crypto';
import { lstat } from 'node:fs/promises';
import type { ArchivedFile } from './archive-file.ts';
import type { PreviousBackup, PreviousFile } from './previous-backup.ts';
import { CHUNK_BYTES, type ChunkSource } from './zip/deflate-chunks.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** A file that did not change since the previous backup: its packed bytes are there. */
export interface ReusableFile {
  readonly kind: 'reusable';
  readonly previous: PreviousFile;
  readonly stat: ArchivedFile['stat'];
}

/** The packed bytes in the previous backup are not what they were. */
class RottenCopy extends Error {}

/** Looks whether a file is the one that was archived before. */
export const findReusable = async (
  previous: PreviousBackup,
  path: string,
  diskPath: Buffer,
): Promise<ReusableFile | null> => {
  const stat = await lstat(diskPath, { bigint: true }).catch(() => null);
  // What can't be looked at is read as usual, and says there why it can't be.
  const file = stat?.isFile() === true ? previous.unchanged(path, stat) : null;
  return stat === null || file === null ? null : { kind: 'reusable', previous: file, stat };
};

/** Copies packed bytes, checked against their recorded SHA-256. Null where they rotted: nothing is written then. */
export const addReused = async (
  writer: ArchiveWriter,
  backup: PreviousBackup,
  name: string,
  { previous: { line, entry }, stat }: ReusableFile,
): Promise<ArchivedFile | null> => {
  const sha256 = createHash('sha256');
  async function* body() {
    for (let done = 0; done < entry.packedBytes; done += CHUNK_BYTES) {
      const part = await backup.read(
        entry.dataAt + done,
        Math.min(CHUNK_BYTES, entry.packedBytes - done),
      );
      sha256.update(part);
      yield part;
    }
    if (sha256.digest('hex') !== (line.packedSha256 ?? line.sha256)) throw new RottenCopy();
  }
  const known = {
    name,
    method: entry.method,
    crc32: entry.crc32,
    plainBytes: entry.plainBytes,
    packedBytes: entry.packedBytes,
  };
  try {
    await writer.attempt(() =>
      entry.descriptor
        ? writer.addStreamed(name, entry.plainBytes, body(), () => known)
        : writer.addKnown(known, body()),
    );
  } catch (error) {
    if (error instanceof RottenCopy) return null;
    throw error;
  }
  const { size, packedSha256, chunks } = line;
  return {
    content: {
      size,
      sha256: line.sha256,
      ...(packedSha256 === undefined ? {} : { packedSha256 }),
      ...(chunks === undefined ? {} : { chunks }),
    },
    stat,
  };
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
  return async ({ index, sha256, beforeSha256, position }) => {
    const chunk = chunks[index];
    const place = places[index];
    const wasLast = index === chunks.length - 1;
    if (chunk === undefined || place === undefined) return null;
    if (chunk.sha256 !== sha256 || wasLast !== (position === 'last')) return null;
    if (index > 0 && chunks[index - 1]?.sha256 !== beforeSha256) return null;
    const packed = await backup.read(place, chunk.packedBytes);
    if (hash('sha256', packed, 'hex') !== chunk.packedSha256) return null;
    onReuse();
    return packed;
  };
};
