import type { FileToArchive } from '../gather-sources.ts';
import { recordList } from './record-list.ts';

/** What files have in common that come from one place. */
export type FileOrigin = Omit<FileToArchive, 'stored' | 'name' | 'size'>;

/** Files to be archived, off the heap: 24 bytes and its names for each. */
export interface FileTable extends Iterable<FileToArchive> {
  readonly length: number;
  push(file: Omit<FileToArchive, keyof FileOrigin>, origin: FileOrigin): void;
  /** Puts those from this row on in the order of their stored paths. */
  sort(first: number): void;
}

const ORIGIN_AT = 0;
const SIZE_AT = ORIGIN_AT + 4;
const PATH_LENGTH_AT = SIZE_AT + 8;
const NAME_LENGTH_AT = PATH_LENGTH_AT + 4;
const PATH_AT = NAME_LENGTH_AT + 4;

const pathEnd = (record: Buffer): number => PATH_AT + record.readUInt32LE(PATH_LENGTH_AT);

export const fileTable = (): FileTable => {
  const records = recordList();
  const origins: FileOrigin[] = [];
  const read = (record: Buffer): FileToArchive => {
    const origin = origins[record.readUInt32LE(ORIGIN_AT)];
    if (origin === undefined) throw new RangeError('a file of no origin');
    const end = pathEnd(record);
    const nameEnd = end + record.readUInt32LE(NAME_LENGTH_AT);
    const path = record.toString('utf8', PATH_AT, end);
    // Its true name, in Base64, where it is stored under another.
    const stored =
      nameEnd === record.length ? { path } : { path, name: record.toString('latin1', nameEnd) };
    const name = record.toString('latin1', end, nameEnd);
    return { ...origin, stored, name, size: record.readDoubleLE(SIZE_AT) };
  };
  return {
    get length() {
      return records.length;
    },
    push: ({ stored, name, size }, origin) => {
      if (origins.at(-1) !== origin) origins.push(origin);
      const pathBytes = Buffer.byteLength(stored.path);
      const trueName = stored.name ?? '';
      const record = records.add(PATH_AT + pathBytes + name.length + trueName.length);
      record.writeUInt32LE(origins.length - 1, ORIGIN_AT);
      record.writeDoubleLE(size, SIZE_AT);
      record.writeUInt32LE(pathBytes, PATH_LENGTH_AT);
      record.writeUInt32LE(name.length, NAME_LENGTH_AT);
      record.write(stored.path, PATH_AT, 'utf8');
      record.write(name, PATH_AT + pathBytes, 'latin1');
      record.write(trueName, PATH_AT + pathBytes + name.length, 'latin1');
    },
    sort: (first) =>
      records.sort((a, b) => a.compare(b, PATH_AT, pathEnd(b), PATH_AT, pathEnd(a)), first),
    *[Symbol.iterator]() {
      for (let row = 0; row < records.length; row++) yield read(records.at(row));
    },
  };
};
