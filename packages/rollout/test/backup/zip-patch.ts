import { crc32, deflateRawSync, inflateRawSync } from 'node:zlib';

/** Where the two headers of an entry begin in a zip without comments and zip64. */
interface Headers {
  readonly local: number;
  readonly central: number;
}

const headersOf = (zip: Buffer, name: string): Headers => {
  const end = zip.length - 22;
  let central = zip.readUInt32LE(end + 16);
  while (central < end) {
    const [nameBytes, extraBytes] = [
      zip.readUInt16LE(central + 28),
      zip.readUInt16LE(central + 30),
    ];
    if (zip.toString('utf8', central + 46, central + 46 + nameBytes) === name)
      return { local: zip.readUInt32LE(central + 42), central };
    central += 46 + nameBytes + extraBytes;
  }
  throw new Error(`the zip has no ${name}`);
};

/** Renames an entry in both headers; the new name must be as long. */
export const rename = (zip: Buffer, name: string, to: string): void => {
  if (Buffer.byteLength(to) !== Buffer.byteLength(name)) throw new Error(`${to} is not as long`);
  const { local, central } = headersOf(zip, name);
  zip.write(to, local + 30);
  zip.write(to, central + 46);
};

/** Offset in the local header, and in the central one. */
const FIELDS = {
  flags: [6, 8],
  method: [8, 10],
  crc: [14, 16],
  plainBytes: [22, 24],
  localAt: [null, 42],
} as const;

/** Changes the low 16 bits of a field in both headers of an entry, or in one of them. */
export const patch = (
  zip: Buffer,
  name: string,
  field: keyof typeof FIELDS,
  change: (value: number) => number,
  where: 'both' | 'local' | 'central' = 'both',
): void => {
  const headers = headersOf(zip, name);
  const [inLocal, inCentral] = FIELDS[field];
  const set = (at: number) => zip.writeUInt16LE(change(zip.readUInt16LE(at)) & 0xffff, at);
  if (where !== 'central' && inLocal !== null) set(headers.local + inLocal);
  if (where !== 'local') set(headers.central + inCentral);
};

/** Flips a bit of the packed data of an entry. */
export const flipData = (zip: Buffer, name: string): void => {
  const at = headersOf(zip, name).local + 30 + Buffer.byteLength(name) + 4;
  zip[at] = (zip[at] ?? 0) ^ 1;
};

/** Replaces the text of the manifest, the last entry, by a forger's; lengths and CRC are made to match. */
export const rewriteManifest = (zip: Buffer, change: (text: string) => string): Buffer => {
  const { local, central } = headersOf(zip, 'manifest.json');
  const data = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const packedBytes = zip.readUInt32LE(central + 20);
  const before = inflateRawSync(zip.subarray(data, data + packedBytes)).toString('utf8');
  const text = Buffer.from(change(before));
  if (text.toString() === before) throw new Error('the manifest did not change');
  const packed = deflateRawSync(text);
  const moved = packed.length - packedBytes;
  const end = zip.length - 22;
  const head = Buffer.from(zip.subarray(0, data));
  const directory = Buffer.from(zip.subarray(data + packedBytes, end));
  const trailer = Buffer.from(zip.subarray(end));
  trailer.writeUInt32LE(trailer.readUInt32LE(16) + moved, 16);
  for (const [buffer, at] of [
    [head, local + 14],
    [directory, central - (data + packedBytes) + 16],
  ] as const) {
    buffer.writeUInt32LE(crc32(text), at);
    buffer.writeUInt32LE(packed.length, at + 4);
    buffer.writeUInt32LE(text.length, at + 8);
  }
  return Buffer.concat([head, packed, directory, trailer]);
};
