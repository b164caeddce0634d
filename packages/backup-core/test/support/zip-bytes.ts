import { crc32, deflateRawSync } from 'node:zlib';

/** One entry of a hand-made zip; every field can be made to lie. */
export interface RawEntry {
  name: string | Buffer;
  plain?: Buffer;
  /** Bytes in the archive; by default `plain` stored. */
  packed?: Buffer;
  method?: number;
  flags?: number;
  version?: number;
  madeBy?: number;
  time?: number;
  date?: number;
  crc?: number;
  packedBytes?: number;
  plainBytes?: number;
  attributes?: number;
  internal?: number;
  disk?: number;
  offset?: number;
  extra?: Buffer;
  comment?: Buffer;
  local?: { [field: string]: number | Buffer | string | undefined };
  localExtra?: Buffer;
  descriptor?: Buffer;
  /** Bytes put before the local header, which belong to no entry. */
  before?: Buffer;
  /** Left out of the directory. */
  hidden?: boolean;
}

export interface RawArchive {
  entries: RawEntry[];
  comment?: Buffer;
  commentBytes?: number;
  disk?: number;
  count?: number;
  countHere?: number;
  directoryBytes?: number;
  directoryAt?: number;
  afterDirectory?: Buffer;
  beforeEnd?: Buffer;
  append?: Buffer;
}

const fixed = (values: readonly [number, number][]): Buffer =>
  Buffer.concat(
    values.map(([bytes, value]) => {
      const field = Buffer.alloc(bytes);
      field.writeUIntLE(value, 0, bytes);
      return field;
    }),
  );

const number = (value: unknown, otherwise: number): number =>
  typeof value === 'number' ? value : otherwise;

/** Deflated bytes of an entry, with its fields. */
export const deflated = (name: string, plain: Buffer): RawEntry => ({
  name,
  plain,
  packed: deflateRawSync(plain),
  method: 8,
});

/** A zip byte by byte, so that each field can be wrong. Times and attributes are those of our writer. */
export const rawZip = (archive: RawArchive): Buffer => {
  const parts: Buffer[] = [];
  const lines: Buffer[] = [];
  let at = 0;
  const push = (part: Buffer) => {
    parts.push(part);
    at += part.length;
  };
  for (const entry of archive.entries) {
    push(entry.before ?? Buffer.alloc(0));
    const plain = entry.plain ?? Buffer.from('data');
    const packed = entry.packed ?? plain;
    const name = Buffer.from(entry.name);
    const offset = entry.offset ?? at;
    const fields = {
      version: entry.version ?? 20,
      flags: entry.flags ?? 0x0800,
      method: entry.method ?? 0,
      time: entry.time ?? 0,
      date: entry.date ?? 0x21,
      crc: entry.crc ?? crc32(plain),
      packedBytes: entry.packedBytes ?? packed.length,
      plainBytes: entry.plainBytes ?? plain.length,
    };
    const local = { ...fields, name: entry.name, ...entry.local };
    const localName = Buffer.from(local.name as string);
    const extra = entry.extra ?? Buffer.alloc(0);
    const localExtra = entry.localExtra ?? Buffer.alloc(0);
    const comment = entry.comment ?? Buffer.alloc(0);
    push(
      Buffer.concat([
        fixed([
          [4, 0x04034b50],
          [2, number(local.version, 20)],
          [2, number(local.flags, 0)],
          [2, number(local.method, 0)],
          [2, number(local.time, 0)],
          [2, number(local.date, 0)],
          [4, number(local.crc, 0)],
          [4, number(local.packedBytes, 0)],
          [4, number(local.plainBytes, 0)],
          [2, localName.length],
          [2, localExtra.length],
        ]),
        localName,
        localExtra,
        packed,
        entry.descriptor ?? Buffer.alloc(0),
      ]),
    );
    if (entry.hidden === true) continue;
    lines.push(
      fixed([
        [4, 0x02014b50],
        [2, entry.madeBy ?? 0x0314],
        [2, fields.version],
        [2, fields.flags],
        [2, fields.method],
        [2, fields.time],
        [2, fields.date],
        [4, fields.crc],
        [4, fields.packedBytes],
        [4, fields.plainBytes],
        [2, name.length],
        [2, extra.length],
        [2, comment.length],
        [2, entry.disk ?? 0],
        [2, entry.internal ?? 0],
        [4, entry.attributes ?? (0o100644 << 16) >>> 0],
        [4, offset],
      ]),
      name,
      extra,
      comment,
    );
  }
  const directoryAt = at;
  push(Buffer.concat(lines));
  const directoryBytes = at - directoryAt;
  push(archive.afterDirectory ?? Buffer.alloc(0));
  const comment = archive.comment ?? Buffer.alloc(0);
  const count = archive.entries.filter(({ hidden }) => hidden !== true).length;
  push(archive.beforeEnd ?? Buffer.alloc(0));
  push(
    Buffer.concat([
      fixed([
        [4, 0x06054b50],
        [2, archive.disk ?? 0],
        [2, 0],
        [2, archive.countHere ?? archive.count ?? count],
        [2, archive.count ?? count],
        [4, archive.directoryBytes ?? directoryBytes],
        [4, archive.directoryAt ?? directoryAt],
        [2, archive.commentBytes ?? comment.length],
      ]),
      comment,
    ]),
  );
  push(archive.append ?? Buffer.alloc(0));
  return Buffer.concat(parts);
};
