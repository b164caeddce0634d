import { BackupError } from '../errors.ts';
import { FORMAT_LIMITS } from '../limits.ts';
import { shownName } from '../shown-name.ts';
import {
  END_BYTES,
  END_SIGNATURE,
  SATURATED_16,
  SATURATED_32,
  ZIP64_END_BYTES,
  ZIP64_END_SIGNATURE,
  ZIP64_LOCATOR_BYTES,
  ZIP64_LOCATOR_SIGNATURE,
} from './format.ts';

/** An archive open for reading. */
export interface OpenFile {
  readonly file: string;
  readonly bytes: number;
  /**
   * Reads exactly `length` bytes, into `buffer` where one is given; the caller has checked that they lie inside the file.
   *
   * @throws BackupError `unreadable`, `bad-archive`
   */
  read(at: number, length: number, buffer?: Buffer): Promise<Buffer>;
}

/** Where the central directory lies. */
export interface Directory {
  readonly count: number;
  readonly at: number;
  readonly bytes: number;
}

const MAX_COMMENT_BYTES = 0xffff;

/** Refuses an archive by a rule of the format, in words; the rule's number is in the error, for code. */
export const refuse = (file: string, rule: number, message: string, entry?: string): never => {
  const where = entry === undefined ? '' : `: entry ${shownName(entry)}`;
  throw new BackupError('bad-archive', `${file} is refused${where}: ${message}`, {
    file,
    rule,
    ...(entry === undefined ? {} : { entry }),
  });
};

/** A 64-bit value as a number, where it is one that can lie in this file (rule 4). */
export const safeNumber = (open: OpenFile, value: bigint, what: string, max: number): number =>
  value > BigInt(max)
    ? refuse(open.file, 4, `${what} is ${value}, which is beyond the ${max} that it can be`)
    : Number(value);

/** Tells a file that something was added to from one that lacks something. */
const whyNoEnd = (tail: Buffer): string => {
  const signature = Buffer.alloc(4);
  signature.writeUInt32LE(END_SIGNATURE);
  const at = tail.lastIndexOf(signature);
  const behind = tail.length - at - END_BYTES;
  return at >= 0 && behind > 0
    ? `it has ${behind} byte${behind === 1 ? '' : 's'} behind its end-of-directory record: something was added to it`
    : 'it does not end with an end-of-directory record: cut off, or not a zip';
};

/** Rules 1 to 3: finds the one end record, and the directory that ends right before it. */
export const findDirectory = async (open: OpenFile): Promise<Directory> => {
  const { file, bytes } = open;
  if (bytes < END_BYTES)
    return refuse(file, 1, `it has ${bytes} bytes; the smallest zip has ${END_BYTES}`);
  const tailBytes = Math.min(bytes, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await open.read(bytes - tailBytes, tailBytes);
  const end = tail.subarray(-END_BYTES);
  refuseOtherEnds(file, tail);
  if (end.readUInt32LE(0) !== END_SIGNATURE) return refuse(file, 1, whyNoEnd(tail));
  if (end.readUInt16LE(20) !== 0) return refuse(file, 1, 'its end record announces a comment');
  if (end.readUInt16LE(4) !== 0 || end.readUInt16LE(6) !== 0)
    return refuse(file, 1, 'it says that it is one of several disks');
  if (end.readUInt16LE(8) !== end.readUInt16LE(10))
    return refuse(file, 1, 'its end record has two different numbers of entries');
  const small: Directory = {
    count: end.readUInt16LE(10),
    bytes: end.readUInt32LE(12),
    at: end.readUInt32LE(16),
  };
  const endAt = bytes - END_BYTES;
  const saturated =
    small.count === SATURATED_16 || small.bytes === SATURATED_32 || small.at === SATURATED_32;
  const locatorAt = endAt - ZIP64_LOCATOR_BYTES;
  const hasLocator =
    locatorAt >= 0 && (await open.read(locatorAt, 4)).readUInt32LE(0) === ZIP64_LOCATOR_SIGNATURE;
  if (saturated !== hasLocator)
    return refuse(
      file,
      2,
      saturated
        ? 'its end record points to a zip64 record that is not there'
        : 'it has a zip64 locator although its end record needs none',
    );
  const directory = hasLocator ? await readZip64End(open, locatorAt, small) : small;
  const before = hasLocator ? locatorAt - ZIP64_END_BYTES : endAt;
  if (directory.at + directory.bytes !== before)
    return refuse(
      file,
      3,
      `its directory ends at ${directory.at + directory.bytes}, not at ${before}`,
    );
  if (directory.count > FORMAT_LIMITS.maxEntries || directory.count > directory.bytes / 46)
    return refuse(
      file,
      3,
      `its directory of ${directory.bytes} bytes can't hold the ${directory.count} entries it announces`,
    );
  return directory;
};

/** Rule 1: no second record in the tail that another reader could take for the end. */
const refuseOtherEnds = (file: string, tail: Buffer): void => {
  const signature = Buffer.from([0x50, 0x4b, 0x05, 0x06]);
  const own = tail.length - END_BYTES;
  for (let at = tail.indexOf(signature); at !== -1; at = tail.indexOf(signature, at + 1)) {
    if (at >= own) continue;
    if (at + END_BYTES + tail.readUInt16LE(at + 20) === tail.length)
      refuse(
        file,
        1,
        tail.readUInt32LE(own) === END_SIGNATURE
          ? 'it has two end records that reach its end: readers would disagree'
          : 'its end record has a comment',
      );
  }
};

/** Rule 2. */
const readZip64End = async (
  open: OpenFile,
  locatorAt: number,
  small: Directory,
): Promise<Directory> => {
  const { file, bytes } = open;
  const recordAt = locatorAt - ZIP64_END_BYTES;
  if (recordAt < 0) return refuse(file, 2, 'there is no room for its zip64 end record');
  const both = await open.read(recordAt, ZIP64_END_BYTES + ZIP64_LOCATOR_BYTES);
  const locator = both.subarray(ZIP64_END_BYTES);
  if (locator.readUInt32LE(4) !== 0 || locator.readUInt32LE(16) !== 1)
    return refuse(file, 2, 'its zip64 locator speaks of several disks');
  if (locator.readBigUInt64LE(8) !== BigInt(recordAt))
    return refuse(file, 2, 'its zip64 locator does not point to the record right before it');
  if (both.readUInt32LE(0) !== ZIP64_END_SIGNATURE)
    return refuse(file, 2, 'its zip64 end record is not there');
  if (both.readBigUInt64LE(4) !== BigInt(ZIP64_END_BYTES - 12))
    return refuse(file, 2, 'its zip64 end record has another size than 44');
  if (both.readUInt32LE(16) !== 0 || both.readUInt32LE(20) !== 0)
    return refuse(file, 2, 'its zip64 end record speaks of several disks');
  const count = both.readBigUInt64LE(32);
  if (both.readBigUInt64LE(24) !== count)
    return refuse(file, 2, 'its zip64 end record has two different numbers of entries');
  const large: Directory = {
    count: safeNumber(open, count, 'its number of entries', bytes),
    bytes: safeNumber(open, both.readBigUInt64LE(40), "its directory's size", bytes),
    at: safeNumber(open, both.readBigUInt64LE(48), "its directory's offset", bytes),
  };
  const agrees =
    small.count === Math.min(large.count, SATURATED_16) &&
    small.bytes === Math.min(large.bytes, SATURATED_32) &&
    small.at === Math.min(large.at, SATURATED_32);
  return agrees ? large : refuse(file, 2, 'its zip64 end record disagrees with its end record');
};
