import { crc32, deflateRawSync } from 'node:zlib';
import { deflated, type RawArchive, type RawEntry } from './zip-bytes.ts';

const text = Buffer.from('text '.repeat(100));
const one = (entry: Partial<RawEntry>): RawArchive => ({ entries: [{ name: 'a', ...entry }] });
const two = (entry: Partial<RawEntry>): RawArchive => ({
  entries: [{ name: 'a' }, { name: 'b', ...entry }],
});
const extra = (id: number, data: Buffer): Buffer => {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
};
const u64 = (...values: bigint[]): Buffer =>
  Buffer.concat(
    values.map((value) => {
      const field = Buffer.alloc(8);
      field.writeBigUInt64LE(value);
      return field;
    }),
  );
const descriptor = (crc: number, packed: number, size: number): Buffer => {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt32LE(0x08074b50, 0);
  bytes.writeUInt32LE(crc, 4);
  bytes.writeUInt32LE(packed, 8);
  bytes.writeUInt32LE(size, 12);
  return bytes;
};
const streamed = (change: Partial<RawEntry> = {}): RawEntry => {
  const packed = deflateRawSync(text);
  return {
    ...deflated('a', text),
    flags: 0x0808,
    local: { crc: 0, packedBytes: 0, plainBytes: 0 },
    descriptor: descriptor(crc32(text), packed.length, text.length),
    ...change,
  };
};
const fakeEnd = (commentBytes: number): Buffer => {
  const bytes = Buffer.alloc(22);
  bytes.writeUInt32LE(0x06054b50, 0);
  bytes.writeUInt16LE(commentBytes, 20);
  return bytes;
};
const locator = (at: bigint, disks = 1): Buffer => {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(0x07064b50, 0);
  bytes.writeBigUInt64LE(at, 8);
  bytes.writeUInt32LE(disks, 16);
  return bytes;
};

/** What the reader must go on reading. */
export const legal: { what: string; archive: RawArchive }[] = [
  { what: 'no entry at all', archive: { entries: [] } },
  { what: 'a stored entry', archive: one({}) },
  { what: 'an empty one', archive: one({ plain: Buffer.alloc(0) }) },
  { what: 'a deflated one', archive: { entries: [deflated('a', text)] } },
  { what: 'a streamed one', archive: { entries: [streamed()] } },
];

/** One archive or more for each rule; `says` is part of the message. */
export const hostile: { what: string; bytes: Buffer | RawArchive; rule: number; says: string }[] = [
  { what: 'an empty file', bytes: Buffer.alloc(0), rule: 1, says: 'smallest zip' },
  { what: 'no zip', bytes: Buffer.alloc(100, 1), rule: 1, says: 'not a zip' },
  {
    what: 'a comment',
    bytes: { ...one({}), comment: Buffer.from('hi') },
    rule: 1,
    says: 'has a comment',
  },
  {
    what: 'an announced comment',
    bytes: { ...one({}), commentBytes: 1 },
    rule: 1,
    says: 'comment',
  },
  {
    what: 'a comment that is another end',
    bytes: { ...one({}), comment: fakeEnd(0) },
    rule: 1,
    says: 'two end records',
  },
  {
    what: 'an end that reaches over ours',
    bytes: { ...one({}), beforeEnd: fakeEnd(22) },
    rule: 1,
    says: 'two end records',
  },
  {
    what: 'bytes behind the end',
    bytes: { ...one({}), append: Buffer.from('x') },
    rule: 1,
    says: 'byte behind its end',
  },
  { what: 'several disks', bytes: { ...one({}), disk: 1 }, rule: 1, says: 'several disks' },
  {
    what: 'two numbers of entries',
    bytes: { ...one({}), countHere: 2 },
    rule: 1,
    says: 'two different',
  },
  { what: 'an entry on another disk', bytes: one({ disk: 1 }), rule: 1, says: 'another disk' },
  {
    what: 'a zip64 record that is missing',
    bytes: { ...one({}), count: 0xffff },
    rule: 2,
    says: 'not there',
  },
  {
    what: 'a needless locator',
    bytes: { ...one({}), afterDirectory: locator(0n) },
    rule: 2,
    says: 'needs none',
  },
  {
    what: 'a locator to elsewhere',
    bytes: {
      ...one({}),
      count: 0xffff,
      afterDirectory: Buffer.concat([Buffer.alloc(56), locator(2n ** 63n)]),
    },
    rule: 2,
    says: 'right before',
  },
  {
    what: 'a locator of two disks',
    bytes: {
      ...one({}),
      count: 0xffff,
      afterDirectory: Buffer.concat([Buffer.alloc(56), locator(0n, 2)]),
    },
    rule: 2,
    says: 'several disks',
  },
  {
    what: 'too few entries announced',
    bytes: { ...two({}), count: 1 },
    rule: 3,
    says: 'follow the last line',
  },
  { what: 'too many announced', bytes: { ...two({}), count: 3 }, rule: 3, says: "can't hold" },
  {
    what: 'a directory that ends early',
    bytes: { ...one({}), directoryBytes: 40 },
    rule: 3,
    says: 'ends at',
  },
  {
    what: 'a directory elsewhere',
    bytes: { ...one({}), directoryAt: 1 },
    rule: 3,
    says: 'ends at',
  },
  {
    what: 'bytes behind the directory',
    bytes: { ...one({}), afterDirectory: Buffer.from('x') },
    rule: 3,
    says: 'ends at',
  },
  { what: 'an offset behind the directory', bytes: one({ offset: 9999 }), rule: 4, says: 'offset' },
  {
    what: 'a packed size beyond the file',
    bytes: one({ packedBytes: 9999 }),
    rule: 4,
    says: 'packed size',
  },
  {
    what: 'a 64-bit size beyond all',
    bytes: one({ plainBytes: 0xffffffff, extra: extra(1, u64(2n ** 63n)) }),
    rule: 4,
    says: 'size',
  },
  {
    what: 'leading bytes',
    bytes: one({ before: Buffer.from('#!/bin/sh\n') }),
    rule: 5,
    says: 'belong to no entry',
  },
  {
    what: 'a gap',
    bytes: two({ before: Buffer.from('gap') }),
    rule: 5,
    says: 'belong to no entry',
  },
  { what: 'a hidden entry', bytes: two({ hidden: true }), rule: 5, says: 'belong to no entry' },
  { what: 'two entries over the same bytes', bytes: two({ offset: 0 }), rule: 6, says: 'name' },
  {
    what: 'data into the directory',
    bytes: one({ plainBytes: 40, packedBytes: 40 }),
    rule: 5,
    says: 'into the directory',
  },
  { what: 'an offset to no entry', bytes: two({ offset: 3 }), rule: 5, says: 'no entry starts' },
  {
    what: 'another local name',
    bytes: one({ local: { name: 'b' } }),
    rule: 6,
    says: 'another name',
  },
  { what: 'another local CRC', bytes: one({ local: { crc: 1 } }), rule: 6, says: 'another CRC' },
  {
    what: 'another local size',
    bytes: one({ local: { plainBytes: 1 } }),
    rule: 6,
    says: 'another size',
  },
  {
    what: 'another local method',
    bytes: one({ local: { method: 8 } }),
    rule: 6,
    says: 'another method',
  },
  {
    what: 'other local flags',
    bytes: one({ local: { flags: 0 } }),
    rule: 6,
    says: 'another flags',
  },
  {
    what: 'another local version',
    bytes: one({ local: { version: 45 } }),
    rule: 6,
    says: 'another version',
  },
  { what: 'a local time', bytes: one({ local: { time: 1 } }), rule: 6, says: 'another time' },
  {
    what: 'a local extra field',
    bytes: one({ localExtra: extra(1, u64(0n)) }),
    rule: 6,
    says: "extra field's length",
  },
  { what: 'a real time', bytes: one({ time: 5 }), rule: 6, says: 'time' },
  { what: 'version 63', bytes: one({ version: 63 }), rule: 6, says: 'version 63' },
  { what: 'a needless version 45', bytes: one({ version: 45 }), rule: 6, says: 'version' },
  {
    what: 'another descriptor',
    bytes: { entries: [streamed({ descriptor: descriptor(1, 2, 3) })] },
    rule: 6,
    says: 'descriptor differs',
  },
  {
    what: 'no descriptor',
    bytes: { entries: [streamed({ descriptor: Buffer.alloc(16) })] },
    rule: 6,
    says: 'no data descriptor',
  },
  { what: 'an encrypted entry', bytes: one({ flags: 0x0801 }), rule: 7, says: 'encrypted' },
  { what: 'no UTF-8 flag', bytes: one({ flags: 0 }), rule: 7, says: 'flags are 0x0' },
  { what: 'bzip2', bytes: one({ method: 12 }), rule: 7, says: 'method is 12' },
  {
    what: 'a stored entry with descriptor',
    bytes: one({ flags: 0x0808 }),
    rule: 7,
    says: 'stored, with a data descriptor',
  },
  {
    what: 'a stored entry of two sizes',
    bytes: one({ plainBytes: 5 }),
    rule: 7,
    says: 'two sizes',
  },
  {
    what: 'a Unicode path field',
    bytes: one({ extra: extra(0x7075, Buffer.from('x')) }),
    rule: 8,
    says: 'extra field',
  },
  { what: 'an entry comment', bytes: one({ comment: Buffer.from('x') }), rule: 8, says: 'comment' },
  {
    what: 'a needless zip64 field',
    bytes: one({ extra: extra(1, u64(4n)) }),
    rule: 8,
    says: 'extra field',
  },
  {
    what: 'a zip64 field that fits without',
    bytes: one({ plainBytes: 0xffffffff, extra: extra(1, u64(4n)) }),
    rule: 8,
    says: 'fits without',
  },
  {
    what: 'another field of the right size',
    bytes: one({ plainBytes: 0xffffffff, extra: extra(2, u64(2n ** 33n)) }),
    rule: 8,
    says: 'not the zip64 one',
  },
  {
    what: 'a name that is not UTF-8',
    bytes: one({ name: Buffer.from([0x61, 0xff]) }),
    rule: 9,
    says: 'UTF-8',
  },
  { what: 'an empty name', bytes: one({ name: '' }), rule: 9, says: 'is empty' },
  { what: 'a traversal', bytes: one({ name: '../a' }), rule: 9, says: '".."' },
  { what: 'the same name twice', bytes: two({ name: 'a' }), rule: 9, says: 'twice' },
  { what: 'names that differ in case', bytes: two({ name: 'A' }), rule: 9, says: 'same file' },
  { what: 'a file that is also a folder', bytes: two({ name: 'a/b' }), rule: 9, says: 'no folder' },
  {
    what: 'a symbolic link',
    bytes: one({ attributes: (0o120777 << 16) >>> 0 }),
    rule: 10,
    says: 'regular file',
  },
  {
    what: 'a setuid file',
    bytes: one({ attributes: (0o104755 << 16) >>> 0 }),
    rule: 10,
    says: 'regular file',
  },
  {
    what: 'a folder entry',
    bytes: one({ name: 'a/', plain: Buffer.alloc(0) }),
    rule: 9,
    says: 'empty component',
  },
  { what: 'made on DOS', bytes: one({ madeBy: 0x14 }), rule: 10, says: 'Unix' },
  { what: 'a wrong CRC', bytes: one({ crc: 1 }), rule: 11, says: 'CRC-32' },
  {
    what: 'a flipped bit',
    bytes: {
      entries: [
        {
          ...deflated('a', text),
          packed: deflateRawSync(Buffer.from(`${'text '.repeat(99)}texts`)),
        },
      ],
    },
    rule: 11,
    says: 'CRC-32',
  },
  {
    what: 'more than it announces',
    bytes: { entries: [{ ...deflated('a', text), plainBytes: 400 }] },
    rule: 11,
    says: 'more than',
  },
  {
    what: 'less than it announces',
    bytes: { entries: [{ ...deflated('a', text), plainBytes: 600 }] },
    rule: 11,
    says: '500 bytes, not 600',
  },
  {
    what: 'bytes behind the deflate stream',
    bytes: {
      entries: [
        {
          ...deflated('a', text),
          packed: Buffer.concat([deflateRawSync(text), Buffer.from('xx')]),
        },
      ],
    },
    rule: 11,
    says: 'ends after',
  },
  {
    what: 'a deflate stream without end',
    bytes: { entries: [{ ...deflated('a', text), packed: deflateRawSync(text).subarray(0, -3) }] },
    rule: 11,
    says: 'inflated',
  },
  {
    what: 'no deflate stream',
    bytes: { entries: [{ ...deflated('a', text), packed: Buffer.alloc(20, 0xff) }] },
    rule: 11,
    says: 'inflated',
  },
  {
    what: 'a bomb',
    bytes: { entries: [{ ...deflated('a', text), plainBytes: 10 ** 9 }] },
    rule: 12,
    says: "can't become",
  },
];
