import { hash } from 'node:crypto';
import { constants, deflateRaw, deflateRawSync, type ZlibOptions } from 'node:zlib';

/** Deflate works on chunks of this many plain bytes, each on its own thread of the libuv pool. */
export const CHUNK_BYTES = 2 ** 20;
/** Each chunk is compressed with the end of the one before as dictionary: all that deflate can look back to. */
const DICTIONARY_BYTES = 32 * 1024;
/** Chunks under way at once: enough for the pool's four threads, and a bound on memory (about 2 MiB each). */
const DEPTH = 4;

/**
 * Chosen by measurement, `npm run bench:levels`: of 459 MB, half of which can be compressed, level 1 makes 317.5 MB in
 * 3.1 s of processor time, level 2 314.2 in 3.3, level 3 311.7 in 3.9, and level 6 305.8 in 7.1.
 */
const DEFLATE_LEVEL = 2;

/** The chunks that are held at once: those under way, one that waits to know whether it is the last, one before. */
export const CHUNKS_HELD = DEPTH + 2;

/** One chunk, compressed; chunks written one after the other are one deflate stream. */
export interface PackedChunk {
  readonly plain: Buffer;
  /** SHA-256 (hex) of the plain bytes. */
  readonly sha256: string;
  readonly packed: Buffer;
  /** SHA-256 (hex) of the packed bytes, where they were looked at already. */
  readonly packedSha256: string | undefined;
}

/** Up to this size a job costs the pool more than it takes here. */
const AT_ONCE_BYTES = 4 * 1024;

const deflate = async (plain: Buffer, options: ZlibOptions): Promise<Buffer> =>
  plain.length <= AT_ONCE_BYTES
    ? deflateRawSync(plain, options)
    : new Promise((resolve, reject) => {
        deflateRaw(plain, options, (error, packed) =>
          error === null ? resolve(packed) : reject(error),
        );
      });

/**
 * Compresses one chunk. It depends only on its own bytes and the `before` chunk's last 32 KiB, not on how
 * those were compressed, which is what makes chunks independent of each other.
 */
export const deflateChunk = (
  plain: Buffer,
  before: Buffer | undefined,
  position: 'inner' | 'last',
): Promise<Buffer> => {
  const dictionary = before?.subarray(-DICTIONARY_BYTES);
  return deflate(plain, {
    level: DEFLATE_LEVEL,
    memLevel: 8,
    // A small window for a small file: most of its time would go into making a large one.
    windowBits: plain.length <= AT_ONCE_BYTES && dictionary === undefined ? 12 : 15,
    // One output buffer that fits as a rule, so that the whole chunk is one job of the pool.
    chunkSize: Math.max(64, plain.length >> 1),
    finishFlush: position === 'last' ? constants.Z_FINISH : constants.Z_SYNC_FLUSH,
    ...(dictionary === undefined || dictionary.length === 0 ? {} : { dictionary }),
  });
};

/** A chunk that was packed before. */
export interface FoundChunk {
  /** Valid until `CHUNKS_HELD` more were asked for. */
  readonly packed: Buffer;
  /** SHA-256 (hex) of the packed bytes. */
  readonly packedSha256: string;
}

type UnderWay = {
  plain: Buffer;
  sha256: string;
  packing: Promise<Pick<PackedChunk, 'packed' | 'packedSha256'>>;
};

/** Where a chunk may be packed already; null where it is not. */
export type ChunkSource = (chunk: {
  readonly index: number;
  readonly sha256: string;
  readonly beforeSha256: string | undefined;
  readonly position: 'inner' | 'last';
}) => Promise<FoundChunk | null>;

/** Compresses chunks in parallel, or takes them from where they are packed already; hands them on in order. */
export async function* deflateChunks(
  chunks: AsyncIterable<Buffer>,
  findPacked: ChunkSource = async () => null,
): AsyncGenerator<PackedChunk> {
  const underWay: UnderWay[] = [];
  let index = 0;
  let beforeSha256: string | undefined;
  const submit = (plain: Buffer, before: Buffer | undefined, position: 'inner' | 'last') => {
    const sha256 = hash('sha256', plain, 'hex');
    const found = findPacked({ index, sha256, beforeSha256, position });
    const packing = found.then(
      async (ready) =>
        ready ?? { packed: await deflateChunk(plain, before, position), packedSha256: undefined },
    );
    index += 1;
    beforeSha256 = sha256;
    // Awaited in order below; a failure must not count as unhandled until then.
    packing.catch(() => undefined);
    underWay.push({ plain, sha256, packing });
  };
  let held: Buffer | undefined;
  let before: Buffer | undefined;
  for await (const chunk of chunks) {
    if (held !== undefined) {
      submit(held, before, 'inner');
      before = held;
    }
    held = chunk;
    while (underWay.length >= DEPTH) yield await first(underWay);
  }
  submit(held ?? Buffer.alloc(0), before, 'last');
  while (underWay.length > 0) yield await first(underWay);
}

const first = async (underWay: UnderWay[]): Promise<PackedChunk> => {
  const next = underWay.shift();
  if (next === undefined) throw new RangeError('no chunk is under way');
  return { plain: next.plain, sha256: next.sha256, ...(await next.packing) };
};

const SAMPLE_BYTES = 4 * 1024;

/** All that is tried out of a file; one that has no more is packed without a trial. */
export const SAMPLES_BYTES = 3 * SAMPLE_BYTES;

/** What is compressed must get at least 3 % smaller, or it is not worth it. */
export const isSmallEnough = (packedBytes: number, plainBytes: number): boolean =>
  packedBytes < plainBytes * 0.97;

/**
 * Tries head, middle and end at the fastest level before a whole file is compressed in vain: pictures and video don't shrink,
 * and trying all of them costs more time than everything else together. Decided by content alone.
 *
 * @param bytes more than `SAMPLES_BYTES`
 */
export const isWorthDeflating = async (
  bytes: number,
  read: (at: number, length: number) => Promise<Buffer>,
): Promise<boolean> => {
  const middle = Math.floor((bytes - SAMPLE_BYTES) / 2);
  const places = [0, middle, bytes - SAMPLE_BYTES];
  const samples = await Promise.all(places.map((at) => read(at, SAMPLE_BYTES)));
  const sample = Buffer.concat(samples);
  const packed = await deflate(sample, { level: 1, chunkSize: sample.length });
  return isSmallEnough(packed.length, sample.length);
};
