/** Buffers are cut to multiples of this, so that one fits the next file too. */
const STEP_BYTES = 2 ** 18;

/** Buffers that are used again: the collector is slow to give large ones back, and memory is to stay bounded. */
export interface BufferPool {
  /** A buffer of exactly `bytes`, with anything in it. */
  take(bytes: number): Buffer;
  /** Gives one back that came from `take`, or a part of it that begins where it began. Nobody may use it any more. */
  give(buffer: Buffer): void;
}

/** Keeps up to `maxBytes` of buffers that nobody uses. */
export const bufferPool = (maxBytes: number): BufferPool => {
  const free: ArrayBuffer[] = [];
  let freeBytes = 0;
  return {
    take: (bytes) => {
      const wanted = Math.max(1, Math.ceil(bytes / STEP_BYTES)) * STEP_BYTES;
      const index = free.findIndex(({ byteLength }) => byteLength === wanted);
      const [found] = index === -1 ? [] : free.splice(index, 1);
      if (found !== undefined) freeBytes -= wanted;
      // Not from Node's own pool, which cuts small buffers from one that others use.
      return Buffer.from(found ?? Buffer.allocUnsafeSlow(wanted).buffer, 0, bytes);
    },
    give: ({ buffer }) => {
      if (!(buffer instanceof ArrayBuffer)) return;
      free.push(buffer);
      freeBytes += buffer.byteLength;
      // Those kept longest go: their size is asked for least.
      while (freeBytes > maxBytes) freeBytes -= free.shift()?.byteLength ?? freeBytes;
    },
  };
};
