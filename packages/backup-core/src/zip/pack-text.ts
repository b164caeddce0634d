import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { CHUNK_BYTES, CHUNKS_HELD, deflateChunks } from './deflate-chunks.ts';
import { DEFLATED } from './format.ts';
import { type PackedFile, packBuffer } from './pack-buffer.ts';

/** The text in chunks, all but the last of full size. A chunk is valid until `CHUNKS_HELD` more were asked for. */
function* chunksOf(parts: Iterable<string>): Generator<Buffer> {
  // Used in turn: the collector is slow to give so much memory back.
  const chunks: Buffer[] = [];
  const next = (): Buffer => {
    const used = chunks.length > CHUNKS_HELD ? chunks.shift() : undefined;
    const chunk = used ?? Buffer.allocUnsafeSlow(CHUNK_BYTES);
    chunks.push(chunk);
    return chunk;
  };
  let chunk = next();
  let filled = 0;
  for (const part of parts) {
    const bytes = Buffer.from(part);
    for (let from = 0; from < bytes.length; ) {
      const copied = bytes.copy(chunk, filled, from);
      from += copied;
      filled += copied;
      if (filled < CHUNK_BYTES) continue;
      yield chunk;
      chunk = next();
      filled = 0;
    }
  }
  if (filled > 0) yield chunk.subarray(0, filled);
}

/**
 * Compresses a text that comes in parts, to the bytes that `packBuffer` makes of it in one piece. Only what it was
 * packed to is held. More than a chunk of text always shrinks: it is not tried out first.
 */
export const packText = async (parts: Iterable<string>): Promise<PackedFile> => {
  const rest = chunksOf(parts);
  const first = rest.next();
  const second = rest.next();
  if (first.done === true || second.done === true)
    return packBuffer(first.done === true ? Buffer.alloc(0) : first.value);
  const head = [first.value, second.value];
  async function* chunks() {
    yield* head.splice(0);
    yield* rest;
  }
  const plainHash = createHash('sha256');
  const packedHash = createHash('sha256');
  const body: Buffer[] = [];
  let crc = 0;
  let plainBytes = 0;
  let packedBytes = 0;
  for await (const { plain, packed } of deflateChunks(chunks())) {
    plainHash.update(plain);
    packedHash.update(packed);
    crc = crc32(plain, crc);
    plainBytes += plain.length;
    packedBytes += packed.length;
    // Of its own: what deflate wrote into is half a chunk, whatever it filled of that.
    body.push(Buffer.from(packed));
  }
  return {
    method: DEFLATED,
    crc32: crc,
    plainBytes,
    packedBytes,
    sha256: plainHash.digest('hex'),
    packedSha256: packedHash.digest('hex'),
    body,
  };
};
