/** A picture's brightness: row by row, 0 (black) to 255 000 (white), so that 299R + 587G + 114B fits whole. */
export interface LumaPlane {
  readonly width: number;
  readonly height: number;
  readonly luma: Int32Array;
}

const columns = 9;
const rows = 8;

/** The pixels under one cell of an axis; those at the ends are shared with the cells beside it. */
interface Span {
  readonly first: number;
  readonly last: number;
  readonly firstWeight: number;
  /** 0 where the first pixel is the last one too. */
  readonly lastWeight: number;
}

/** In units of 1/cells pixel a pixel is `cells` long and a cell `length` long: all whole numbers. */
const spansOf = (length: number, cells: number): Span[] =>
  Array.from({ length: cells }, (_, cell) => {
    const start = cell * length;
    const end = start + length;
    const first = Math.floor(start / cells);
    const last = Math.ceil(end / cells) - 1;
    return {
      first,
      last,
      firstWeight: Math.min(end, (first + 1) * cells) - start,
      lastWeight: first === last ? 0 : end - last * cells,
    };
  });

/**
 * The brightness of 9 × 8 equal cells, row by row. Each is the sum of the pixels under it weighted by
 * the area they share, in units of 1/72 pixel: whole numbers, exact up to 35 million pixels
 * (255 000 × width × height < 2^53), and comparable because every cell has the same area.
 */
export const cellSums = ({ width, height, luma }: LumaPlane): Float64Array => {
  const sums = new Float64Array(columns * rows);
  const across = spansOf(width, columns);
  for (const [row, { first, last, firstWeight, lastWeight }] of spansOf(height, rows).entries())
    for (let y = first; y <= last; y++) {
      const weight = y === first ? firstWeight : y === last ? lastWeight : rows;
      for (const [column, span] of across.entries()) {
        const offset = y * width;
        let whole = 0;
        for (let x = span.first + 1; x < span.last; x++) whole += luma[offset + x] as number;
        const ends =
          (luma[offset + span.first] as number) * span.firstWeight +
          (luma[offset + span.last] as number) * span.lastWeight;
        const at = row * columns + column;
        sums[at] = (sums[at] as number) + (whole * columns + ends) * weight;
      }
    }
  return sums;
};

/**
 * The 64-bit difference hash as 16 lower-case hex digits: row by row, left to right, a bit is 1 where
 * the cell to the right is brighter; the first comparison is the highest bit.
 */
export const differenceHash = (plane: LumaPlane): string => {
  const sums = cellSums(plane);
  let hash = 0n;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns - 1; column++) {
      const at = row * columns + column;
      hash = (hash << 1n) | ((sums[at + 1] as number) > (sums[at] as number) ? 1n : 0n);
    }
  return hash.toString(16).padStart(16, '0');
};

const bitsSet = (word: number): number => {
  // The usual parallel count, https://graphics.stanford.edu/~seander/bithacks.html#CountBitsSetParallel
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
};

/** A hash as two 32-bit words, high one first: what the search compares. */
export type HashWords = readonly [high: number, low: number];

/** Splits 16 hex digits into two words. */
export const wordsOf = (hash: string): HashWords => [
  Number.parseInt(hash.slice(0, 8), 16) | 0,
  Number.parseInt(hash.slice(8), 16) | 0,
];

/** In how many of the 64 bits two hashes differ (Hamming distance). */
export const distanceBetween = (a: HashWords, b: HashWords): number =>
  bitsSet(a[0] ^ b[0]) + bitsSet(a[1] ^ b[1]);
