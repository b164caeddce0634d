import { createHash, hash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  CHUNK_BYTES,
  deflateChunk,
  isSmallEnough,
  isWorthDeflating,
  SAMPLES_BYTES,
} from './deflate-chunks.ts';
import { DEFLATED, type Method, STORED } from './format.ts';

/** A file that fits in memory, ready to be written. */
export interface PackedFile {
  readonly method: Method;
  readonly crc32: number;
  readonly plainBytes: number;
  readonly packedBytes: number;
  readonly sha256: string;
  /** SHA-256 of the bytes in the archive; the same as `sha256` where they are stored. */
  readonly packedSha256: string;
  readonly body: readonly Buffer[];
}

const deflate = (plain: Buffer): Promise<Buffer[]> => {
  const count = Math.ceil(plain.length / CHUNK_BYTES);
  return Promise.all(
    Array.from({ length: count }, (_, i) =>
      deflateChunk(
        plain.subarray(i * CHUNK_BYTES, (i + 1) * CHUNK_BYTES),
        i === 0 ? undefined : plain.subarray((i - 1) * CHUNK_BYTES, i * CHUNK_BYTES),
        i === count - 1 ? 'last' : 'inner',
      ),
    ),
  );
};

/** Compresses where that makes it smaller, else stores; one buffer, so sizes and CRC are known before the header. */
export const packBuffer = async (plain: Buffer): Promise<PackedFile> => {
  const sha256 = hash('sha256', plain, 'hex');
  const facts = { crc32: crc32(plain), plainBytes: plain.length, sha256 };
  const worthIt =
    plain.length <= SAMPLES_BYTES
      ? plain.length > 0
      : await isWorthDeflating(plain.length, async (at, length) => plain.subarray(at, at + length));
  if (worthIt) {
    const body = await deflate(plain);
    const packedBytes = body.reduce((sum, part) => sum + part.length, 0);
    if (isSmallEnough(packedBytes, plain.length)) {
      const packedHash = createHash('sha256');
      for (const part of body) packedHash.update(part);
      const packedSha256 = packedHash.digest('hex');
      return { ...facts, method: DEFLATED, packedBytes, packedSha256, body };
    }
  }
  return {
    ...facts,
    method: STORED,
    packedBytes: plain.length,
    packedSha256: sha256,
    body: [plain],
  };
};
