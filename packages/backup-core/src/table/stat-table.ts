import type { BigIntStats } from 'node:fs';
import { STAT_FIELDS } from '../stat-facts.ts';

/** Each of `STAT_FIELDS` in turn: little-endian, as two's complement. */
const FIELD_BYTES = 8;
const ROW_BYTES = STAT_FIELDS.length * FIELD_BYTES;
const BLOCK_ROWS = 4096;

/** What the system said of many files, for telling later whether each is the same: 40 bytes for each. */
export interface StatTable {
  /** Adds a row; null where what the system says of the file tells nothing. */
  push(stat: BigIntStats | null): void;
  /** Whether the row says the same; false where there is none, or it tells nothing. */
  isSame(row: number, stat: BigIntStats): boolean;
  /** All rows, in parts. */
  blocks(): Buffer[];
}

const writeRow = (row: Buffer, stat: BigIntStats): void => {
  for (const [i, field] of STAT_FIELDS.entries())
    row.writeBigInt64LE(BigInt.asIntN(64, stat[field]), i * FIELD_BYTES);
};

const isSameRow = (row: Buffer, stat: BigIntStats): boolean => {
  let isKnown = false;
  for (const [i, field] of STAT_FIELDS.entries()) {
    const before = row.readBigInt64LE(i * FIELD_BYTES);
    if (before !== BigInt.asIntN(64, stat[field])) return false;
    isKnown ||= before !== 0n;
  }
  return isKnown;
};

export const statTable = (): StatTable => {
  const blocks: Buffer[] = [];
  let length = 0;
  const rowOf = (row: number): Buffer | undefined => {
    const at = (row % BLOCK_ROWS) * ROW_BYTES;
    return blocks[Math.floor(row / BLOCK_ROWS)]?.subarray(at, at + ROW_BYTES);
  };
  return {
    push: (stat) => {
      if (length % BLOCK_ROWS === 0) blocks.push(Buffer.alloc(BLOCK_ROWS * ROW_BYTES));
      const row = rowOf(length);
      if (row !== undefined && stat !== null) writeRow(row, stat);
      length += 1;
    },
    isSame: (row, stat) => {
      const found = row < length ? rowOf(row) : undefined;
      return found !== undefined && isSameRow(found, stat);
    },
    blocks: () =>
      blocks.map((block, i) =>
        block.subarray(0, Math.min(BLOCK_ROWS, length - i * BLOCK_ROWS) * ROW_BYTES),
      ),
  };
};

/** The table as it was written, for comparing only. */
export const readStatTable = (rows: Buffer): Pick<StatTable, 'isSame'> => ({
  isSame: (row, stat) => {
    const at = row * ROW_BYTES;
    return at + ROW_BYTES <= rows.length && isSameRow(rows.subarray(at, at + ROW_BYTES), stat);
  },
});
