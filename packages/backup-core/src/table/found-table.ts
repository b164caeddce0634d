import type { BytePath } from '../source/byte-path.ts';
import type { FoundItem } from '../source/list-files.ts';
import { recordList } from './record-list.ts';

/** What was found under a folder, off the heap: 24 bytes and its name for each. */
export interface FoundTable extends Iterable<FoundItem> {
  readonly length: number;
  push(item: FoundItem): void;
  /** Bytewise by name. */
  sort(): void;
}

const TYPES = ['file', 'link', 'dir'] as const;
const NUMBER_AT = 1;
const UID_AT = NUMBER_AT + 8;
const GID_AT = UID_AT + 4;
const NAME_LENGTH_AT = GID_AT + 4;
const NAME_AT = NAME_LENGTH_AT + 4;

const nameEnd = (record: Buffer): number => NAME_AT + record.readUInt32LE(NAME_LENGTH_AT);

const read = (record: Buffer): FoundItem => {
  const name: BytePath = record.toString('latin1', NAME_AT, nameEnd(record));
  const number = record.readDoubleLE(NUMBER_AT);
  const owner = { uid: record.readUInt32LE(UID_AT), gid: record.readUInt32LE(GID_AT) };
  switch (TYPES[record[0] ?? 0]) {
    case 'link':
      return { type: 'link', name, target: record.toString('utf8', nameEnd(record)), ...owner };
    case 'dir':
      return { type: 'dir', name, mode: number, ...owner };
    default:
      return { type: 'file', name, size: number };
  }
};

const numberOf = (item: FoundItem): number => {
  if (item.type === 'link') return 0;
  return item.type === 'file' ? item.size : item.mode;
};

export const foundTable = (): FoundTable => {
  const records = recordList();
  return {
    get length() {
      return records.length;
    },
    push: (item) => {
      const target = item.type === 'link' ? item.target : '';
      const record = records.add(NAME_AT + item.name.length + Buffer.byteLength(target));
      record[0] = TYPES.indexOf(item.type);
      record.writeDoubleLE(numberOf(item), NUMBER_AT);
      record.writeUInt32LE(item.type === 'file' ? 0 : item.uid, UID_AT);
      record.writeUInt32LE(item.type === 'file' ? 0 : item.gid, GID_AT);
      record.writeUInt32LE(item.name.length, NAME_LENGTH_AT);
      record.write(item.name, NAME_AT, 'latin1');
      record.write(target, NAME_AT + item.name.length, 'utf8');
    },
    sort: () => records.sort((a, b) => a.compare(b, NAME_AT, nameEnd(b), NAME_AT, nameEnd(a))),
    *[Symbol.iterator]() {
      for (let row = 0; row < records.length; row++) yield read(records.at(row));
    },
  };
};
