const BLOCK_BYTES = 2 ** 18;
const LENGTH_BYTES = 4;
const FIRST_RECORDS = 256;

/** Records of bytes off the heap, each in one piece. */
export interface RecordList {
  readonly length: number;
  /** Adds a record of so many bytes, for the caller to fill before it does anything else. */
  add(bytes: number): Buffer;
  /** Not a copy. @throws RangeError where there is no such record */
  at(row: number): Buffer;
  /** Puts those from `first` on into another order. */
  sort(compare: (a: Buffer, b: Buffer) => number, first?: number): void;
}

/**
 * What is known of each file of a backup, kept as objects, is what a backup of many files costs: not for itself, but
 * because all of it survives, for which V8 takes several times as much (300 MB for 100,000 files, measured; the objects
 * were 50). Bytes outside the heap are none of its business.
 */
export const recordList = (): RecordList => {
  const blocks: Buffer[] = [];
  let used = BLOCK_BYTES;
  let length = 0;
  /** Block and place in it of each record. */
  let places = new Uint32Array(2 * FIRST_RECORDS);

  const at = (row: number): Buffer => {
    const block = row < length ? blocks[places[2 * row] ?? -1] : undefined;
    if (block === undefined) throw new RangeError(`row ${row} of ${length}`);
    const start = (places[2 * row + 1] ?? 0) + LENGTH_BYTES;
    return block.subarray(start, start + block.readUInt32LE(start - LENGTH_BYTES));
  };

  return {
    get length() {
      return length;
    },
    add: (bytes) => {
      const needed = LENGTH_BYTES + bytes;
      let block = blocks.at(-1);
      if (block === undefined || used + needed > block.length) {
        block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, needed));
        blocks.push(block);
        used = 0;
      }
      if (2 * length === places.length) {
        const more = new Uint32Array(2 * places.length);
        more.set(places);
        places = more;
      }
      places[2 * length] = blocks.length - 1;
      places[2 * length + 1] = used;
      block.writeUInt32LE(bytes, used);
      const record = block.subarray(used + LENGTH_BYTES, used + needed);
      used += needed;
      length += 1;
      return record;
    },
    at,
    sort: (compare, first = 0) => {
      // An array, whose sort knows what is in order already: as a rule nearly all is.
      const order = Array.from({ length: length - first }, (_, i) => first + i);
      order.sort((a, b) => compare(at(a), at(b)));
      const sorted = new Uint32Array(2 * order.length);
      for (const [i, row] of order.entries())
        sorted.set(places.subarray(2 * row, 2 * row + 2), 2 * i);
      places.set(sorted, 2 * first);
    },
  };
};
