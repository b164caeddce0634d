import type { BigIntStats } from 'node:fs';
import { STAT_FIELDS } from './stat-facts.ts';

/** Each of `STAT_FIELDS` in turn: little-endian, as two's complement. */
const FIELD_BYTES = 8;
const ROW_BYTES = STAT_FIELDS.length * FIELD_BYTES;
const FIRST_ROWS = 1024;

/** What the system said of many files, for telling later whether each is the same: 40 bytes for each. */
export interface StatTable {
  /** Adds a row; null where what the system says of the file tells nothing. */
  push(stat: BigIntStats | null): void;
  /** Whether the row says the same; false where there is none, or it tells nothing. */
  isSame(row: number, stat: BigIntStats): boolean;
  bytes(): Buffer;
}

/** @param rows what `bytes` gave of another table */
export const statTable = (rows: Buffer = Buffer.alloc(0)): StatTable => {
  let used = rows.length;
  let buffer = rows;
  return {
    push: (stat) => {
      if (used + ROW_BYTES > buffer.length)
        buffer = Buffer.concat([buffer], Math.max(FIRST_ROWS * ROW_BYTES, used * 2));
      if (stat === null) buffer.fill(0, used, used + ROW_BYTES);
      else
        for (const [i, field] of STAT_FIELDS.entries())
          buffer.writeBigInt64LE(BigInt.asIntN(64, stat[field]), used + i * FIELD_BYTES);
      used += ROW_BYTES;
    },
    isSame: (row, stat) => {
      const at = row * ROW_BYTES;
      if (at + ROW_BYTES > used) return false;
      let isKnown = false;
      for (const [i, field] of STAT_FIELDS.entries()) {
        const before = buffer.readBigInt64LE(at + i * FIELD_BYTES);
        if (before !== BigInt.asIntN(64, stat[field])) return false;
        isKnown ||= before !== 0n;
      }
      return isKnown;
    },
    bytes: () => buffer.subarray(0, used),
  };
};
