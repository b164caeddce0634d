/** Small enough to cost little, large enough that there are few. */
const BLOCK_BYTES = 2 ** 18;

/** Bytes that are kept until the end, packed closely. */
export interface ByteList {
  /** Bytes in it. */
  readonly length: number;
  push(bytes: Buffer): void;
  /** Forgets what was pushed since it had this length. */
  cutTo(length: number): void;
  blocks(): Buffer[];
}

/**
 * Many small buffers kept one by one cost more than their bytes: each is an object, and holds the whole block that
 * Node cut it from, with what nobody needs any more (20 KB for each entry of an archive, measured).
 */
export const byteList = (): ByteList => {
  const blocks: Buffer[] = [];
  let length = 0;
  return {
    get length() {
      return length;
    },
    push: (bytes) => {
      for (let from = 0; from < bytes.length; ) {
        const at = length % BLOCK_BYTES;
        if (at === 0) blocks.push(Buffer.allocUnsafeSlow(BLOCK_BYTES));
        const piece = bytes.subarray(from, from + BLOCK_BYTES - at);
        blocks.at(-1)?.set(piece, at);
        from += piece.length;
        length += piece.length;
      }
    },
    cutTo: (bytes) => {
      length = bytes;
      blocks.length = Math.ceil(bytes / BLOCK_BYTES);
    },
    blocks: () =>
      blocks.map((block, i) => block.subarray(0, Math.min(BLOCK_BYTES, length - i * BLOCK_BYTES))),
  };
};
