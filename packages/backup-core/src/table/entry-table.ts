import { DEFLATED, STORED } from '../zip/format.ts';
import type { ArchiveEntry } from '../zip/read-archive.ts';
import { recordList } from './record-list.ts';

/** Entries of an archive off the heap: about 50 bytes and its name for each. */
export interface EntryTable extends Iterable<ArchiveEntry> {
  readonly length: number;
  push(entry: ArchiveEntry): void;
  /** @throws RangeError where there is no such row */
  at(row: number): ArchiveEntry;
}

/** Whose values are numbers, up to 2^53. */
const NUMBERS = ['crc32', 'packedBytes', 'plainBytes', 'offset', 'dataAt'] as const;
const NUMBER_BYTES = 8;
const HEAD_BYTES = 1 + NUMBERS.length * NUMBER_BYTES;
/** Beside the method in its byte. */
const HAS_DESCRIPTOR = 0x80;

export const entryTable = (): EntryTable => {
  const records = recordList();
  const at = (row: number): ArchiveEntry => {
    const record = records.at(row);
    const head = record[0] ?? 0;
    const number = (which: (typeof NUMBERS)[number]) =>
      record.readDoubleLE(1 + NUMBERS.indexOf(which) * NUMBER_BYTES);
    return {
      name: record.toString('utf8', HEAD_BYTES),
      method: (head & ~HAS_DESCRIPTOR) === DEFLATED ? DEFLATED : STORED,
      descriptor: (head & HAS_DESCRIPTOR) !== 0,
      crc32: number('crc32'),
      packedBytes: number('packedBytes'),
      plainBytes: number('plainBytes'),
      offset: number('offset'),
      dataAt: number('dataAt'),
    };
  };
  return {
    get length() {
      return records.length;
    },
    push: (entry) => {
      const record = records.add(HEAD_BYTES + Buffer.byteLength(entry.name));
      record[0] = entry.method | (entry.descriptor ? HAS_DESCRIPTOR : 0);
      for (const [i, which] of NUMBERS.entries())
        record.writeDoubleLE(entry[which], 1 + i * NUMBER_BYTES);
      record.write(entry.name, HEAD_BYTES, 'utf8');
    },
    at,
    *[Symbol.iterator]() {
      for (let row = 0; row < records.length; row++) yield at(row);
    },
  };
};
