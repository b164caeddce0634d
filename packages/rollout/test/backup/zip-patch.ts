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
