import { byteList } from './byte-list.ts';
import {
  archiveEnd,
  centralHeader,
  DEFLATED,
  dataDescriptor,
  localHeader,
  type Method,
  SATURATED_32,
  type ZipEntry,
} from './format.ts';
import type { Sink } from './sink.ts';

/**
 * An entry of unknown final size gets zip64 sizes in its header from here on: incompressible data can
 * grow a little in deflate. Decided by size alone, so that the same input gives the same bytes.
 */
const STREAMED_ZIP64_BYTES = Math.floor(3.9 * 2 ** 30);

/** What is known of an entry before its data. */
export interface KnownEntry {
  readonly name: string;
  readonly method: Method;
  readonly crc32: number;
  readonly plainBytes: number;
  readonly packedBytes: number;
}

/** What is known only after the data went by. */
export interface StreamedTotals {
  readonly crc32: number;
  readonly plainBytes: number;
}

/** Writes entries one after the other; holds only their directory lines in memory. */
export interface ArchiveWriter {
  readonly position: number;
  /** An entry whose sizes and CRC are known: no data descriptor. The body must have `packedBytes` bytes. */
  addKnown(entry: KnownEntry, body: AsyncIterable<Buffer> | readonly Buffer[]): Promise<ZipEntry>;
  /** A deflated entry of unknown size; `totals` is asked once the body has ended. */
  addStreamed(
    name: string,
    expectedBytes: number,
    body: AsyncIterable<Buffer>,
    totals: () => StreamedTotals,
  ): Promise<ZipEntry>;
  /** Runs `write`; where it throws, takes the archive back to where it was. */
  attempt<T>(write: () => Promise<T>): Promise<T>;
  /** Writes the directory; returns SHA-256 (hex) and size of the whole archive. */
  finish(): Promise<{ sha256: string; bytes: number }>;
}

export const openArchiveWriter = (sink: Sink): ArchiveWriter => {
  const directory = byteList();
  let count = 0;

  /** Writes a header and what follows it, in as few calls as can be; returns the bytes of what follows. */
  const copy = async (header: Buffer, body: AsyncIterable<Buffer> | readonly Buffer[]) => {
    const start = sink.position;
    if (Symbol.iterator in body) await sink.write([header, ...body]);
    else {
      let first = [header];
      for await (const part of body) {
        await sink.write([...first, part]);
        first = [];
      }
      await sink.write(first);
    }
    return sink.position - start - header.length;
  };
  const record = (entry: ZipEntry): ZipEntry => {
    directory.push(centralHeader(entry));
    count += 1;
    return entry;
  };

  return {
    get position() {
      return sink.position;
    },
    addKnown: async (known, body) => {
      const entry: ZipEntry = {
        ...known,
        name: Buffer.from(known.name, 'utf8'),
        descriptor: false,
        localZip64: known.plainBytes >= SATURATED_32 || known.packedBytes >= SATURATED_32,
        offset: sink.position,
      };
      const written = await copy(localHeader(entry), body);
      if (written !== known.packedBytes) {
        throw new RangeError(
          `entry ${known.name}: ${written} bytes came, ${known.packedBytes} were announced`,
        );
      }
      return record(entry);
    },
    addStreamed: async (name, expectedBytes, body, totals) => {
      const header: ZipEntry = {
        name: Buffer.from(name, 'utf8'),
        method: DEFLATED,
        descriptor: true,
        localZip64: expectedBytes >= STREAMED_ZIP64_BYTES,
        crc32: 0,
        packedBytes: 0,
        plainBytes: 0,
        offset: sink.position,
      };
      const packedBytes = await copy(localHeader(header), body);
      const { crc32, plainBytes } = totals();
      const entry = { ...header, crc32, plainBytes, packedBytes };
      if (!entry.localZip64 && Math.max(packedBytes, entry.plainBytes) >= SATURATED_32) {
        throw new RangeError(`entry ${name} grew past 4 GiB while it was read`);
      }
      await sink.write([dataDescriptor(entry)]);
      return record(entry);
    },
    attempt: async (write) => {
      const mark = await sink.mark();
      const before = { count, bytes: directory.length };
      try {
        return await write();
      } catch (error) {
        await sink.rewind(mark);
        directory.cutTo(before.bytes);
        count = before.count;
        throw error;
      }
    },
    finish: async () => {
      const directoryAt = sink.position;
      for (const block of directory.blocks()) await sink.write([block]);
      await sink.write([archiveEnd(count, directoryAt, directory.length)]);
      return { sha256: await sink.finish(), bytes: sink.position };
    },
  };
};
