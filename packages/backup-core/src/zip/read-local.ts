import {
  DESCRIPTOR_SIGNATURE,
  dataDescriptor,
  LOCAL_BYTES,
  LOCAL_SIGNATURE,
  localHeader,
  SATURATED_32,
} from './format.ts';
import type { ArchiveEntry, DirectoryLine } from './read-archive.ts';
import { type OpenFile, refuse } from './read-structure.ts';

const ZIP64_LOCAL_EXTRA_BYTES = 20;

/**
 * Rule 6: the local header and the descriptor say what the directory says, byte for byte. `end` is where
 * the entry's last byte was.
 */
export const checkLocal = async (
  open: OpenFile,
  directoryAt: number,
  line: DirectoryLine,
): Promise<{ entry: ArchiveEntry; end: number }> => {
  const { file } = open;
  const { version, ...known } = line;
  const nameBytes = Buffer.from(line.name);
  const no = (rule: number, message: string): never => refuse(file, rule, message, line.name);
  const headerRoom = directoryAt - line.offset;
  const shortest = LOCAL_BYTES + nameBytes.length;
  if (headerRoom < shortest) return no(5, 'it starts too close to the directory');
  const head = await open.read(
    line.offset,
    Math.min(headerRoom, shortest + ZIP64_LOCAL_EXTRA_BYTES),
  );
  if (head.readUInt32LE(0) !== LOCAL_SIGNATURE) return no(5, 'no entry starts where it should');
  const localZip64 =
    head.readUInt32LE(18) === SATURATED_32 && head.readUInt32LE(22) === SATURATED_32;
  const expected = { ...known, name: nameBytes, localZip64 };
  const header = localHeader(expected);
  if (!head.subarray(0, header.length).equals(header))
    return no(6, differingField(head, header, nameBytes.length));
  if (header.readUInt16LE(4) !== version) return no(6, 'its version differs from its headers');
  const dataAt = line.offset + header.length;
  const dataEnd = dataAt + line.packedBytes;
  const descriptorBytes = line.descriptor ? (localZip64 ? 24 : 16) : 0;
  const end = dataEnd + descriptorBytes;
  if (end > directoryAt) return no(5, 'its data would reach into the directory');
  if (line.descriptor) {
    const descriptor = await open.read(dataEnd, descriptorBytes);
    if (descriptor.readUInt32LE(0) !== DESCRIPTOR_SIGNATURE)
      return no(6, 'no data descriptor follows its data');
    if (!descriptor.equals(dataDescriptor(expected)))
      return no(6, 'its data descriptor differs from its directory line');
  }
  return { entry: { ...known, dataAt }, end };
};

/** Names the first field in which a local header is not the one that belongs to its directory line. */
const differingField = (head: Buffer, expected: Buffer, nameLength: number): string => {
  const fields: readonly [number, number, string][] = [
    [4, 2, 'version'],
    [6, 2, 'flags'],
    [8, 2, 'method'],
    [10, 4, 'time'],
    [14, 4, 'CRC'],
    [18, 4, 'packed size'],
    [22, 4, 'size'],
    [26, 2, "name's length"],
    [28, 2, "extra field's length"],
    [LOCAL_BYTES, nameLength, 'name'],
  ];
  const first = fields.find(
    ([at, length]) => !head.subarray(at, at + length).equals(expected.subarray(at, at + length)),
  );
  return `its local header has another ${first?.[2] ?? 'extra field'} than its directory line`;
};
