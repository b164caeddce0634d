/**
 * The bytes of the zip structures that this package writes; section numbers are APPNOTE.TXT 6.3.10.
 * Everything that could vary without need is pinned, so that the same content gives the same bytes.
 */

export const LOCAL_SIGNATURE = 0x04034b50; // 4.3.7
export const DESCRIPTOR_SIGNATURE = 0x08074b50; // 4.3.9.3
export const CENTRAL_SIGNATURE = 0x02014b50; // 4.3.12
export const ZIP64_END_SIGNATURE = 0x06064b50; // 4.3.14
export const ZIP64_LOCATOR_SIGNATURE = 0x07064b50; // 4.3.15
export const END_SIGNATURE = 0x06054b50; // 4.3.16

export const LOCAL_BYTES = 30;
export const CENTRAL_BYTES = 46;
export const ZIP64_END_BYTES = 56;
export const ZIP64_LOCATOR_BYTES = 20;
export const END_BYTES = 22;

export const STORED = 0;
export const DEFLATED = 8;
export type Method = typeof STORED | typeof DEFLATED;

/** A 32-bit field with this value says "see the zip64 extra field". */
export const SATURATED_32 = 0xffffffff;
export const SATURATED_16 = 0xffff;

export const FLAG_UTF8 = 0x0800;
export const FLAG_DESCRIPTOR = 0x0008;

/** 1980-01-01 00:00:00: the real time is in the manifest, and DOS time would depend on the time zone. */
export const DOS_TIME = 0;
export const DOS_DATE = 0x0021;
/** Made by: Unix, 2.0. */
export const MADE_BY = 0x0314;
/** A regular file, rw-r--r--; the real mode is in the manifest. */
export const EXTERNAL_ATTRIBUTES = (0o100644 << 16) >>> 0;

export const ZIP64_EXTRA_ID = 0x0001;

/** One entry as the central directory knows it; sizes and offset in bytes. */
export interface ZipEntry {
  readonly name: Buffer;
  readonly method: Method;
  /** Sizes and CRC follow the data in a descriptor, because they were not known before it. */
  readonly descriptor: boolean;
  /** The local header carries zip64 sizes. */
  readonly localZip64: boolean;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly plainBytes: number;
  readonly offset: number;
}

type Header = Omit<ZipEntry, 'crc32' | 'packedBytes' | 'plainBytes'> &
  Pick<ZipEntry, 'crc32' | 'packedBytes' | 'plainBytes'>;

/** 45 where any field of the entry needs zip64, else 20 (4.4.3.2). */
const versionNeeded = (entry: Header): 20 | 45 =>
  entry.localZip64 ||
  entry.offset >= SATURATED_32 ||
  entry.packedBytes >= SATURATED_32 ||
  entry.plainBytes >= SATURATED_32
    ? 45
    : 20;

const flagsOf = (entry: Pick<ZipEntry, 'descriptor'>): number =>
  entry.descriptor ? FLAG_UTF8 | FLAG_DESCRIPTOR : FLAG_UTF8;

const zip64Extra = (values: readonly number[]): Buffer => {
  if (values.length === 0) return Buffer.alloc(0);
  const extra = Buffer.alloc(4 + values.length * 8);
  extra.writeUInt16LE(ZIP64_EXTRA_ID, 0);
  extra.writeUInt16LE(values.length * 8, 2);
  for (const [i, value] of values.entries()) extra.writeBigUInt64LE(BigInt(value), 4 + i * 8);
  return extra;
};

/** 4.3.7. With a descriptor the sizes and the CRC are zero, or saturated with zeros in the zip64 extra. */
export const localHeader = (entry: Header): Buffer => {
  const { descriptor, localZip64 } = entry;
  const packed = descriptor ? 0 : entry.packedBytes;
  const plain = descriptor ? 0 : entry.plainBytes;
  const extra = zip64Extra(localZip64 ? [plain, packed] : []);
  const header = Buffer.alloc(LOCAL_BYTES);
  header.writeUInt32LE(LOCAL_SIGNATURE, 0);
  header.writeUInt16LE(versionNeeded(entry), 4);
  header.writeUInt16LE(flagsOf(entry), 6);
  header.writeUInt16LE(entry.method, 8);
  header.writeUInt16LE(DOS_TIME, 10);
  header.writeUInt16LE(DOS_DATE, 12);
  header.writeUInt32LE(descriptor ? 0 : entry.crc32, 14);
  header.writeUInt32LE(localZip64 ? SATURATED_32 : packed, 18);
  header.writeUInt32LE(localZip64 ? SATURATED_32 : plain, 22);
  header.writeUInt16LE(entry.name.length, 26);
  header.writeUInt16LE(extra.length, 28);
  return Buffer.concat([header, entry.name, extra]);
};

/** 4.3.9: 16 bytes, or 24 where the local header carries zip64 sizes. */
export const dataDescriptor = (entry: ZipEntry): Buffer => {
  const descriptor = Buffer.alloc(entry.localZip64 ? 24 : 16);
  descriptor.writeUInt32LE(DESCRIPTOR_SIGNATURE, 0);
  descriptor.writeUInt32LE(entry.crc32, 4);
  if (entry.localZip64) {
    descriptor.writeBigUInt64LE(BigInt(entry.packedBytes), 8);
    descriptor.writeBigUInt64LE(BigInt(entry.plainBytes), 16);
  } else {
    descriptor.writeUInt32LE(entry.packedBytes, 8);
    descriptor.writeUInt32LE(entry.plainBytes, 12);
  }
  return descriptor;
};

/** 4.3.12. The zip64 extra holds exactly the values that do not fit, in the order of 4.5.3. */
export const centralHeader = (entry: ZipEntry): Buffer => {
  const large = [entry.plainBytes, entry.packedBytes, entry.offset].filter(
    (value) => value >= SATURATED_32,
  );
  const extra = zip64Extra(large);
  const header = Buffer.alloc(CENTRAL_BYTES);
  header.writeUInt32LE(CENTRAL_SIGNATURE, 0);
  header.writeUInt16LE(MADE_BY, 4);
  header.writeUInt16LE(versionNeeded(entry), 6);
  header.writeUInt16LE(flagsOf(entry), 8);
  header.writeUInt16LE(entry.method, 10);
  header.writeUInt16LE(DOS_TIME, 12);
  header.writeUInt16LE(DOS_DATE, 14);
  header.writeUInt32LE(entry.crc32, 16);
  header.writeUInt32LE(Math.min(entry.packedBytes, SATURATED_32), 20);
  header.writeUInt32LE(Math.min(entry.plainBytes, SATURATED_32), 24);
  header.writeUInt16LE(entry.name.length, 28);
  header.writeUInt16LE(extra.length, 30);
  // comment length, disk number and internal attributes stay 0
  header.writeUInt32LE(EXTERNAL_ATTRIBUTES, 38);
  header.writeUInt32LE(Math.min(entry.offset, SATURATED_32), 42);
  return Buffer.concat([header, entry.name, extra]);
};

/** End of central directory, with its zip64 record and locator where a field does not fit (4.3.14 to 4.3.16). */
export const archiveEnd = (count: number, directoryAt: number, directoryBytes: number): Buffer => {
  const end = Buffer.alloc(END_BYTES);
  end.writeUInt32LE(END_SIGNATURE, 0);
  end.writeUInt16LE(Math.min(count, SATURATED_16), 8);
  end.writeUInt16LE(Math.min(count, SATURATED_16), 10);
  end.writeUInt32LE(Math.min(directoryBytes, SATURATED_32), 12);
  end.writeUInt32LE(Math.min(directoryAt, SATURATED_32), 16);
  const fits = count < SATURATED_16 && directoryBytes < SATURATED_32 && directoryAt < SATURATED_32;
  if (fits) return end;

  const record = Buffer.alloc(ZIP64_END_BYTES);
  record.writeUInt32LE(ZIP64_END_SIGNATURE, 0);
  record.writeBigUInt64LE(BigInt(ZIP64_END_BYTES - 12), 4);
  record.writeUInt16LE(MADE_BY + 25, 12);
  record.writeUInt16LE(45, 14);
  record.writeBigUInt64LE(BigInt(count), 24);
  record.writeBigUInt64LE(BigInt(count), 32);
  record.writeBigUInt64LE(BigInt(directoryBytes), 40);
  record.writeBigUInt64LE(BigInt(directoryAt), 48);
  const locator = Buffer.alloc(ZIP64_LOCATOR_BYTES);
  locator.writeUInt32LE(ZIP64_LOCATOR_SIGNATURE, 0);
  locator.writeBigUInt64LE(BigInt(directoryAt + directoryBytes), 8);
  locator.writeUInt32LE(1, 16);
  return Buffer.concat([record, locator, end]);
};
