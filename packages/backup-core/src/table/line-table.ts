import type { ManifestEntry, ManifestFile } from '../manifest.ts';
import { recordList } from './record-list.ts';

/** Lines of a manifest off the heap: about 120 bytes and its path for a file. */
export interface LineTable extends Iterable<ManifestEntry> {
  readonly length: number;
  push(line: ManifestEntry): void;
  /** @throws RangeError where there is no such row */
  at(row: number): ManifestEntry;
  /** Rows in the order of the bytes of their paths. */
  rowsByPath(): number[];
}

const HAS_PACKED = 1;
/** The line has more than fits: its name or its chunks. */
const HAS_REST = 2;
const IS_PLAIN = 4;

const DIGEST_BYTES = 32;
/** Flags, mode, size, digest, and the lengths of time and path. */
const SIZE_AT = 3;
const DIGEST_AT = SIZE_AT + 8;
const MTIME_LENGTH_AT = DIGEST_AT + DIGEST_BYTES;
const PATH_LENGTH_AT = MTIME_LENGTH_AT + 1;
const HEAD_BYTES = PATH_LENGTH_AT + 4;

const pathPlace = (record: Buffer): { readonly from: number; readonly to: number } => {
  const from = HEAD_BYTES;
  return { from, to: from + record.readUInt32LE(PATH_LENGTH_AT) };
};

/** What UTF-8 can't hold of a hostile text is in its range; JSON holds it. */
const SURROGATE = /[\ud800-\udfff]/;

const writeFileLine = (add: (bytes: number) => Buffer, line: ManifestFile): void => {
  const { type: _, path, size, sha256, mode, mtime, packedSha256, ...more } = line;
  const rest = Object.keys(more).length === 0 ? '' : JSON.stringify(more);
  const pathBytes = Buffer.byteLength(path);
  const packedBytes = packedSha256 === undefined ? 0 : DIGEST_BYTES;
  const record = add(HEAD_BYTES + pathBytes + mtime.length + packedBytes + Buffer.byteLength(rest));
  record[0] = IS_PLAIN | (packedBytes > 0 ? HAS_PACKED : 0) | (rest === '' ? 0 : HAS_REST);
  record.writeUInt16LE(mode, 1);
  record.writeDoubleLE(size, SIZE_AT);
  record.write(sha256, DIGEST_AT, 'hex');
  record[MTIME_LENGTH_AT] = mtime.length;
  record.writeUInt32LE(pathBytes, PATH_LENGTH_AT);
  let at = HEAD_BYTES;
  at += record.write(path, at, 'utf8');
  at += record.write(mtime, at, 'latin1');
  if (packedSha256 !== undefined) at += record.write(packedSha256, at, 'hex');
  record.write(rest, at, 'utf8');
};

const readFileLine = (record: Buffer): ManifestFile => {
  const flags = record[0] ?? 0;
  const { from, to } = pathPlace(record);
  const mtimeEnd = to + (record[MTIME_LENGTH_AT] ?? 0);
  const packedEnd = mtimeEnd + ((flags & HAS_PACKED) === 0 ? 0 : DIGEST_BYTES);
  const line: ManifestFile = {
    type: 'file',
    path: record.toString('utf8', from, to),
    size: record.readDoubleLE(SIZE_AT),
    sha256: record.toString('hex', DIGEST_AT, DIGEST_AT + DIGEST_BYTES),
    mode: record.readUInt16LE(1),
    mtime: record.toString('latin1', to, mtimeEnd),
  };
  if (packedEnd > mtimeEnd) line.packedSha256 = record.toString('hex', mtimeEnd, packedEnd);
  if ((flags & HAS_REST) !== 0) Object.assign(line, JSON.parse(record.toString('utf8', packedEnd)));
  return line;
};

/** Any line: its path where that of a file is, and all of it after that. */
const writeJsonLine = (add: (bytes: number) => Buffer, line: ManifestEntry): void => {
  const rest = JSON.stringify(line);
  const pathBytes = Buffer.byteLength(line.path);
  const record = add(HEAD_BYTES + pathBytes + Buffer.byteLength(rest));
  record[0] = 0;
  record.writeUInt32LE(pathBytes, PATH_LENGTH_AT);
  const at = HEAD_BYTES + record.write(line.path, HEAD_BYTES, 'utf8');
  record.write(rest, at, 'utf8');
};

const readLine = (record: Buffer): ManifestEntry =>
  ((record[0] ?? 0) & IS_PLAIN) === 0
    ? JSON.parse(record.toString('utf8', pathPlace(record).to))
    : readFileLine(record);

const comparePaths = (a: Buffer, b: Buffer): number => {
  const [one, other] = [pathPlace(a), pathPlace(b)];
  return a.compare(b, other.from, other.to, one.from, one.to);
};

export const lineTable = (lines: Iterable<ManifestEntry> = []): LineTable => {
  const records = recordList();
  const at = (row: number): ManifestEntry => readLine(records.at(row));
  const push = (line: ManifestEntry): void => {
    if (line.type === 'file' && !SURROGATE.test(line.path)) writeFileLine(records.add, line);
    else writeJsonLine(records.add, line);
  };
  for (const line of lines) push(line);
  return {
    get length() {
      return records.length;
    },
    push,
    at,
    rowsByPath: () =>
      Array.from({ length: records.length }, (_, row) => row).sort((a, b) =>
        comparePaths(records.at(a), records.at(b)),
      ),
    *[Symbol.iterator]() {
      for (let row = 0; row < records.length; row++) yield at(row);
    },
  };
};
