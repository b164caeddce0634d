import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordList } from '../src/table/record-list.ts';

const filled = (records: readonly Uint8Array[]) => {
  const list = recordList();
  for (const bytes of records) list.add(bytes.length).set(bytes);
  return list;
};

const contentOf = (list: ReturnType<typeof recordList>): string[] =>
  Array.from({ length: list.length }, (_, row) => list.at(row).toString('hex'));

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

it('gives each record back, in order, whatever its size', () => {
  // A block is 256 KiB: some of these need one of their own, some end where a block does.
  const sizes = fc.oneof(
    fc.nat(64),
    fc.constantFrom(0, 2 ** 17 - 4, 2 ** 18 - 4, 2 ** 18, 300_000),
  );
  const record = fc.tuple(sizes, fc.nat(255)).map(([size, byte]) => Buffer.alloc(size, byte));
  fc.assert(
    fc.property(fc.array(record, { maxLength: 12 }), (records) => {
      expect(contentOf(filled(records))).toEqual(records.map(hexOf));
    }),
  );
});

it('sorts those from a row on, and leaves equal ones as they came', () => {
  const records = fc.array(fc.uint8Array({ minLength: 1, maxLength: 3 }), { maxLength: 40 });
  fc.assert(
    fc.property(records, fc.nat(40), (all, from) => {
      const first = Math.min(from, all.length);
      const list = filled(all);
      const byFirstByte = (a: Uint8Array, b: Uint8Array) => (a[0] ?? 0) - (b[0] ?? 0);
      list.sort(byFirstByte, first);
      const expected = [...all.slice(0, first), ...all.slice(first).sort(byFirstByte)];
      expect(contentOf(list)).toEqual(expected.map(hexOf));
    }),
  );
});

it('holds more records than it began with, and goes on after they were sorted', () => {
  const list = recordList();
  const add = (number: number) => list.add(4).writeUInt32BE(number);
  for (let i = 0; i < 10_000; i++) add(9_999 - i);
  list.sort((a, b) => a.compare(b));
  for (let i = 10_000; i < 20_000; i++) add(i);
  for (let i = 0; i < 20_000; i++) expect(list.at(i).readUInt32BE()).toBe(i);
});

it.each([-1, 2, Number.NaN])('has no row %s of two', (row) => {
  const list = filled([Buffer.of(1), Buffer.of(2)]);
  expect(() => list.at(row)).toThrow(RangeError);
});
