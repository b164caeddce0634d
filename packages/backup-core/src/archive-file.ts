import { createHash, hash } from 'node:crypto';
import type { BigIntStats } from 'node:fs';
import { crc32 } from 'node:zlib';
import type { BufferPool } from './buffer-pool.ts';
import type { ManifestChunk, ManifestFile } from './manifest.ts';
import {
  type ReadOptions,
  readAtOnce,
  readStable,
  type StableFile,
  UnreadableFile,
} from './source/read-stable.ts';
import type { SystemPace } from './source/system-pace.ts';
import {
  type ChunkSource,
  deflateChunks,
  isWorthDeflating,
  SAMPLES_BYTES,
} from './zip/deflate-chunks.ts';
import { STORED } from './zip/format.ts';
import { type PackedFile, packBuffer } from './zip/pack-buffer.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** Files up to this size are compressed in memory, several at once; larger ones are streamed, one at a time. */
export const SMALL_BYTES = 8 * 2 ** 20;

/** A file in the archive: what the manifest says of its content, and what the system said of it. */
export interface ArchivedFile {
  readonly content: Pick<ManifestFile, 'size' | 'sha256' | 'packedSha256' | 'chunks'>;
  readonly stat: BigIntStats;
}

/** A file read ahead; a large one waits for its turn. */
export type PreparedFile =
  | {
      readonly kind: 'small';
      readonly packed: PackedFile;
      readonly stat: BigIntStats;
      /** Of the pool. */
      readonly plain: Buffer;
    }
  | { readonly kind: 'large' };

type ReadFile =
  | { readonly kind: 'large' }
  | { readonly kind: 'small'; readonly plain: Buffer; readonly stat: BigIntStats };

/** What the reads of a backup share. */
export interface ReadMeans {
  readonly pool: BufferPool;
  readonly pace: SystemPace;
}

/** Up to this size, reading a file takes less than asking the pool to. */
const AT_ONCE_BYTES = 2 ** 16;

const readByPool = (path: Buffer, options: ReadOptions, pool: BufferPool): Promise<ReadFile> =>
  readStable<ReadFile>(path, options, async ({ stat, read }) => {
    const size = Number(stat.size);
    if (size > SMALL_BYTES) return { value: { kind: 'large' }, bytes: size };
    // One byte more than there should be: a file that grew is seen.
    const plain = await read(0, size + 1, pool.take(size + 1));
    return { value: { kind: 'small', plain, stat }, bytes: plain.length };
  });

/** Reads and compresses a small file; its buffer is the pool's until it was written. */
export const prepareFile = async (
  path: Buffer,
  /** By the listing. */
  size: number,
  options: ReadOptions,
  { pool, pace }: ReadMeans,
): Promise<PreparedFile> => {
  const soon =
    size > AT_ONCE_BYTES ? null : pace.atOnce(() => readAtOnce(path, pool.take(size + 1)));
  const found: ReadFile =
    soon === null ? await readByPool(path, options, pool) : { kind: 'small', ...soon };
  if (found.kind === 'large') return found;
  options.signal?.throwIfAborted();
  const { plain, stat } = found;
  return { kind: 'small', packed: await packBuffer(plain), stat, plain };
};

/** Writes a file that was read ahead. */
export const addSmall = async (
  writer: ArchiveWriter,
  name: string,
  { packed, stat, plain }: Extract<PreparedFile, { kind: 'small' }>,
  pool: BufferPool,
): Promise<ArchivedFile> => {
  const { body, sha256, packedSha256, ...known } = packed;
  await writer.addKnown({ name, ...known }, body);
  pool.give(plain);
  const size = known.plainBytes;
  const content = known.method === STORED ? { size, sha256 } : { size, sha256, packedSha256 };
  return { content, stat };
};

export interface AddLargeOptions extends ReadOptions {
  readonly onBytes?: (bytes: number) => void;
  readonly findPacked?: ChunkSource | undefined;
}

/** Reads and writes a large file; where it changed meanwhile, takes the archive back and reads it again. */
export const addLarge = (
  writer: ArchiveWriter,
  name: string,
  path: Buffer,
  options: AddLargeOptions,
): Promise<ArchivedFile> =>
  readStable(
    path,
    options,
    async (file) => {
      const size = Number(file.stat.size);
      // It may have become a small one since it was listed.
      const worthIt = size > SAMPLES_BYTES && (await isWorthDeflating(size, file.read));
      const add = worthIt ? addDeflated : addStored;
      const content = await add(writer, name, file, options);
      return { value: { content, stat: file.stat }, bytes: content.size };
    },
    writer.attempt,
  );

type AddStream = (
  writer: ArchiveWriter,
  name: string,
  file: StableFile,
  options: AddLargeOptions,
) => Promise<ArchivedFile['content']>;

const addDeflated: AddStream = async (writer, name, file, { onBytes, findPacked }) => {
  const plainHash = createHash('sha256');
  const chunks: ManifestChunk[] = [];
  let crc = 0;
  let size = 0;
  async function* body() {
    for await (const chunk of deflateChunks(file.chunks(), findPacked)) {
      const { plain, packed, sha256 } = chunk;
      plainHash.update(plain);
      crc = crc32(plain, crc);
      size += plain.length;
      chunks.push({
        sha256,
        packedBytes: packed.length,
        packedSha256: chunk.packedSha256 ?? hash('sha256', packed, 'hex'),
      });
      onBytes?.(plain.length);
      yield packed;
    }
  }
  await writer.addStreamed(name, Number(file.stat.size), body(), () => ({
    crc32: crc,
    plainBytes: size,
  }));
  return { size, sha256: plainHash.digest('hex'), chunks };
};

/** What does not shrink is read twice: its CRC has to stand before its data. */
const addStored: AddStream = async (writer, name, file, { onBytes }) => {
  let crc = 0;
  let size = 0;
  for await (const chunk of file.chunks()) {
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  const plainHash = createHash('sha256');
  let written = 0;
  let writtenCrc = 0;
  async function* body() {
    for await (const chunk of file.chunks()) {
      plainHash.update(chunk);
      writtenCrc = crc32(chunk, writtenCrc);
      written += chunk.length;
      onBytes?.(chunk.length);
      if (written > size) break;
      yield chunk;
    }
    if (written !== size || writtenCrc !== crc)
      throw new UnreadableFile('changed', 'it changed between its two readings');
  }
  await writer.addKnown(
    { name, method: STORED, crc32: crc, plainBytes: size, packedBytes: size },
    body(),
  );
  return { size, sha256: plainHash.digest('hex') };
};
