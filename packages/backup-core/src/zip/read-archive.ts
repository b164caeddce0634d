import { type EntryTable, entryTable } from '../table/entry-table.ts';
import { type NameSet, nameOf, nameProblem, nameSet } from './entry-name.ts';
import {
  CENTRAL_BYTES,
  CENTRAL_SIGNATURE,
  DEFLATED,
  DOS_DATE,
  DOS_TIME,
  EXTERNAL_ATTRIBUTES,
  FLAG_DESCRIPTOR,
  FLAG_UTF8,
  MADE_BY,
  type Method,
  SATURATED_32,
  STORED,
  ZIP64_EXTRA_ID,
} from './format.ts';
import { checkLocal } from './read-local.ts';
import {
  type Directory,
  findDirectory,
  type OpenFile,
  refuse,
  safeNumber,
} from './read-structure.ts';

/** An entry whose place and headers hold; its data is not looked at yet. */
export interface ArchiveEntry {
  readonly name: string;
  readonly method: Method;
  readonly descriptor: boolean;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly plainBytes: number;
  /** Where the entry's local header starts. */
  readonly offset: number;
  /** Where its data starts. */
  readonly dataAt: number;
}

/** A directory line before its local header was seen. */
export interface DirectoryLine extends Omit<ArchiveEntry, 'dataAt'> {
  readonly version: number;
}

/** Deflate can't do better than 1032 : 1; more is a lie about the size. */
const MAX_RATIO = 1032;

/** Local headers are read this many at a time. */
const LOCAL_BATCH = 32;

/**
 * Reads the directory of an archive by rules 1 to 10 and 12 of the format: only what this package writes
 * passes. Entries come in the order of their data.
 *
 * @param names learns all of them
 * @throws BackupError `bad-archive` with the number of the broken rule.
 */
export const readArchive = async (
  open: OpenFile,
  names: NameSet = nameSet(),
): Promise<EntryTable> => {
  const directory = await findDirectory(open);
  const entries = entryTable();
  let batch: DirectoryLine[] = [];
  const cover = covering(open.file, directory);
  const readBatch = async () => {
    const checked = await Promise.all(batch.map((line) => checkLocal(open, directory.at, line)));
    batch = [];
    for (const { entry, end } of checked) {
      cover.entry(entry, end);
      entries.push(entry);
    }
  };
  const buffer = await open.read(directory.at, directory.bytes);
  for (const line of readLines(open, directory, buffer, names)) {
    batch.push(line);
    if (batch.length === LOCAL_BATCH) await readBatch();
  }
  await readBatch();
  cover.end();
  return entries;
};

/** Rule 5: entries, in the order of the directory, cover everything from byte 0 to the directory, once. */
const covering = (file: string, directory: Directory) => {
  let covered = 0;
  return {
    entry: ({ name, offset }: ArchiveEntry, end: number): void => {
      if (offset < covered)
        refuse(file, 5, `it starts at byte ${offset}, inside or before the entry before it`, name);
      if (offset > covered)
        refuse(file, 5, `bytes ${covered} to ${offset} before it belong to no entry`, name);
      covered = end;
    },
    end: (): void => {
      const left = directory.at - covered;
      if (left > 0) refuse(file, 5, `${left} bytes before its directory belong to no entry`);
    },
  };
};

/** Rules 3, 4, 7 to 10 and 12 on each line of the directory. */
function* readLines(
  open: OpenFile,
  directory: Directory,
  buffer: Buffer,
  names: NameSet,
): Generator<DirectoryLine> {
  const { file } = open;
  let at = 0;
  for (let i = 0; i < directory.count; i++) {
    if (at + CENTRAL_BYTES > buffer.length || buffer.readUInt32LE(at) !== CENTRAL_SIGNATURE)
      return refuse(file, 3, `line ${i + 1} of ${directory.count} of its directory is not one`);
    const nameLength = buffer.readUInt16LE(at + 28);
    const extraLength = buffer.readUInt16LE(at + 30);
    const end = at + CENTRAL_BYTES + nameLength + extraLength + buffer.readUInt16LE(at + 32);
    if (end > buffer.length)
      return refuse(file, 3, `line ${i + 1} of its directory reaches beyond its end`);
    const line = readLine(open, directory, buffer.subarray(at, end), nameLength, extraLength);
    const collision = names.add(line.name);
    if (collision !== null) return refuse(file, 9, `its name ${collision}`, line.name);
    yield line;
    at = end;
  }
  if (at !== buffer.length)
    return refuse(file, 3, `${buffer.length - at} bytes follow the last line of its directory`);
}

const readLine = (
  open: OpenFile,
  directory: Directory,
  line: Buffer,
  nameLength: number,
  extraLength: number,
): DirectoryLine => {
  const { file } = open;
  const nameBytes = line.subarray(CENTRAL_BYTES, CENTRAL_BYTES + nameLength);
  const name = readName(file, nameBytes);
  const no = (rule: number, message: string): never => refuse(file, rule, message, name);
  if (line.readUInt16LE(32) !== 0) return no(8, 'it has a comment');
  const flags = line.readUInt16LE(8);
  if ((flags & 1) !== 0) return no(7, 'it is encrypted');
  if (flags !== FLAG_UTF8 && flags !== (FLAG_UTF8 | FLAG_DESCRIPTOR))
    return no(7, `its flags are 0x${flags.toString(16)}`);
  const method = line.readUInt16LE(10);
  if (method !== STORED && method !== DEFLATED)
    return no(7, `its compression method is ${method}; only 0 and 8 are known`);
  const descriptor = (flags & FLAG_DESCRIPTOR) !== 0;
  if (descriptor && method === STORED) return no(7, 'it is stored, with a data descriptor');
  if (line.readUInt16LE(12) !== DOS_TIME || line.readUInt16LE(14) !== DOS_DATE)
    return no(6, 'its time is not the fixed one');
  if (line.readUInt16LE(4) !== MADE_BY) return no(10, 'it was not made on Unix, by our writer');
  if (line.readUInt16LE(34) !== 0) return no(1, 'it says that it starts on another disk');
  if (line.readUInt16LE(36) !== 0 || line.readUInt32LE(38) !== EXTERNAL_ATTRIBUTES)
    return no(10, 'its attributes are not those of a regular file');
  const extra = line.subarray(CENTRAL_BYTES + nameLength, CENTRAL_BYTES + nameLength + extraLength);
  const sizes = readZip64(open, name, extra, [
    { value: line.readUInt32LE(24), max: Number.MAX_SAFE_INTEGER, what: 'its size' },
    { value: line.readUInt32LE(20), max: open.bytes, what: 'its packed size' },
    { value: line.readUInt32LE(42), max: directory.at, what: 'its offset' },
  ]);
  const [plainBytes = 0, packedBytes = 0, offset = 0] = sizes;
  if (method === STORED && plainBytes !== packedBytes)
    return no(7, `it is stored, with the two sizes ${packedBytes} and ${plainBytes}`);
  if (packedBytes * MAX_RATIO + 64 < plainBytes)
    return no(12, `${packedBytes} packed bytes can't become the ${plainBytes} that it announces`);
  const version = line.readUInt16LE(6);
  if (version !== 20 && version !== 45) return no(6, `it needs version ${version}`);
  return {
    name,
    method,
    descriptor,
    crc32: line.readUInt32LE(16),
    packedBytes,
    plainBytes,
    offset,
    version,
  };
};

/** Rule 9. */
const readName = (file: string, bytes: Buffer): string => {
  const name = nameOf(bytes);
  if (name === null) return refuse(file, 9, 'a name is not valid UTF-8', bytes.toString('latin1'));
  const problem = nameProblem(name);
  return problem === null ? name : refuse(file, 9, `its name ${problem}`, name);
};

/** Rule 8 for a directory line: exactly the values that are saturated, and nothing else. */
const readZip64 = (
  open: OpenFile,
  name: string,
  extra: Buffer,
  fields: readonly { value: number; max: number; what: string }[],
): number[] => {
  const { file } = open;
  const needed = fields.filter(({ value }) => value === SATURATED_32).length;
  const expected = needed === 0 ? 0 : 4 + needed * 8;
  if (extra.length !== expected)
    return refuse(file, 8, `its extra field has ${extra.length} bytes, not ${expected}`, name);
  if (
    needed > 0 &&
    (extra.readUInt16LE(0) !== ZIP64_EXTRA_ID || extra.readUInt16LE(2) !== needed * 8)
  )
    return refuse(file, 8, 'its extra field is not the zip64 one', name);
  let at = 4;
  return fields.map(({ value, max, what }) => {
    if (value !== SATURATED_32) {
      return value > max
        ? refuse(file, 4, `${what} is ${value}, which is beyond the ${max} that it can be`, name)
        : value;
    }
    const large = safeNumber(open, extra.readBigUInt64LE(at), `${what} (${name})`, max);
    at += 8;
    return large < SATURATED_32
      ? refuse(file, 8, `${what} is in the zip64 field although it fits without`, name)
      : large;
  });
};
