import type { IncomingMessage } from 'node:http';

/** Most of an answer that is read, bytes: no vendor says more than this. */
const answerLimitBytes = 65_536;
/** Most that a packed answer may unpack to, bytes. */
const unpackedLimitBytes = 1_048_576;

type Zlib = typeof import('node:zlib');

/** RFC 9110 8.4.1 and RFC 8878, with the older names that receivers must know too. */
const unpackers: Readonly<Record<string, (zlib: Zlib, packed: Buffer) => Buffer>> = {
  gzip: (zlib, packed) => zlib.gunzipSync(packed, cutShort(zlib)),
  'x-gzip': (zlib, packed) => zlib.gunzipSync(packed, cutShort(zlib)),
  // "deflate" means zlib's format; some servers send the bare stream.
  deflate: (zlib, packed) =>
    ((packed[0] ?? 0) & 0x0f) === 8
      ? zlib.inflateSync(packed, cutShort(zlib))
      : zlib.inflateRawSync(packed, cutShort(zlib)),
  br: (zlib, packed) =>
    zlib.brotliDecompressSync(packed, {
      finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH,
      maxOutputLength: unpackedLimitBytes,
    }),
  zstd: (zlib, packed) => zlib.zstdDecompressSync(packed, { maxOutputLength: unpackedLimitBytes }),
  identity: (_zlib, packed) => packed,
};

/** What came of an answer that was cut off is unpacked as far as it goes. */
const cutShort = (zlib: Zlib) => ({
  finishFlush: zlib.constants.Z_SYNC_FLUSH,
  maxOutputLength: unpackedLimitBytes,
});

/** The bytes as they were before `content-encoding`; null where that can't be undone. */
const unpacked = (bytes: Buffer, encodings: string): Buffer | null => {
  const names = encodings
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  if (names.length === 0 || bytes.length === 0) return bytes;
  const zlib = process.getBuiltinModule('node:zlib');
  try {
    let content = bytes;
    for (const name of names.reverse()) {
      const unpack = unpackers[name];
      if (unpack === undefined) return null;
      content = unpack(zlib, content);
    }
    return content;
  } catch {
    // Damaged, or far more than any answer: what it says can't be known.
    return null;
  }
};

/** The charset of a content type, or that of a byte order mark; UTF-8 where neither is known. */
const charsetOf = (bytes: Buffer, contentType: string): string => {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return /charset\s*=\s*"?([^\s";]+)/i.exec(contentType)?.[1] ?? 'utf-8';
};

const decoded = (bytes: Buffer, contentType: string): string => {
  try {
    return new TextDecoder(charsetOf(bytes, contentType)).decode(bytes);
  } catch {
    // A charset that nobody knows: the words that matter are ASCII in nearly all.
    return new TextDecoder().decode(bytes);
  }
};

/** An answer's body. */
export interface AnswerText {
  /** Unpacked and decoded, without a byte order mark; '' where it can't be read. */
  readonly text: string;
  /** Whether the body came to its end, and could be unpacked. */
  readonly isWhole: boolean;
}

/** Reads at most 64 KiB of an answer, whatever it is packed with; never rejects. */
export const readAnswer = async (response: IncomingMessage): Promise<AnswerText> => {
  const chunks: Buffer[] = [];
  let size = 0;
  let isWhole = true;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= answerLimitBytes) break;
    }
  } catch {
    // Cut off or timed out: what came is kept, and the caller sees that it is not whole.
    isWhole = false;
  }
  const bytes = unpacked(Buffer.concat(chunks), response.headers['content-encoding'] ?? '');
  if (bytes === null) return { text: '', isWhole: false };
  return { text: decoded(bytes, response.headers['content-type'] ?? ''), isWhole };
};
