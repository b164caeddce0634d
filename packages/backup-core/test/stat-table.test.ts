import { type BigIntStats, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readStatTable, statTable } from '../src/table/stat-table.ts';
import { byteList } from '../src/zip/byte-list.ts';

const stat = statSync(fileURLToPath(import.meta.url), { bigint: true });
const changed = (changes: Partial<BigIntStats>): BigIntStats => ({ ...stat, ...changes });

it('knows each field of each file again', () => {
  const table = statTable();
  // Before 1970, and an inode with the highest bit.
  const odd = changed({ mtimeNs: -5n, ino: 2n ** 64n - 3n });
  table.push(stat);
  table.push(null);
  table.push(odd);
  const read = readStatTable(Buffer.concat(table.blocks()));
  expect([0, 1, 2, 3].map((row) => read.isSame(row, stat))).toEqual([true, false, false, false]);
  expect(read.isSame(2, odd)).toBe(true);
  for (const field of ['dev', 'ino', 'size', 'mtimeNs', 'ctimeNs'] as const)
    expect(read.isSame(0, changed({ [field]: stat[field] + 1n }))).toBe(false);
});

it('takes a row that tells nothing for no file at all', () => {
  const table = statTable();
  table.push(null);
  const zeros = changed({ dev: 0n, ino: 0n, size: 0n, mtimeNs: 0n, ctimeNs: 0n });
  expect(table.isSame(0, zeros)).toBe(false);
});

it('holds more rows than it began with', () => {
  const table = statTable();
  for (let i = 0; i < 5000; i++) table.push(changed({ ino: BigInt(i + 1) }));
  expect(Buffer.concat(table.blocks())).toHaveLength(5000 * 40);
  expect(table.isSame(4999, changed({ ino: 5000n }))).toBe(true);
});

it('keeps bytes in the order in which they came, and forgets those after a mark', () => {
  const list = byteList();
  const kept: Buffer[] = [];
  for (let i = 0; i < 40; i++) {
    const piece = Buffer.alloc(10_007 * (i % 5), i);
    list.push(piece);
    kept.push(piece);
    const mark = list.length;
    list.push(Buffer.alloc(300_000 * (i % 2) + 7, 255));
    list.cutTo(mark);
  }
  const whole = Buffer.concat(kept);
  expect(list.length).toBe(whole.length);
  expect(Buffer.concat(list.blocks()).equals(whole)).toBe(true);
});
