import type { BigIntStats } from 'node:fs';
import {
  type ArchivedFile,
  addLarge,
  addSmall,
  type PreparedFile,
  prepareFile,
  type ReadMeans,
  SMALL_BYTES,
} from './archive-file.ts';
import { bufferPool } from './buffer-pool.ts';
import type { FileToArchive } from './gather-sources.ts';
import type { ManifestFile } from './manifest.ts';
import type { PreviousBackup } from './previous-backup.ts';
import { readAhead } from './read-ahead.ts';
import {
  addReused,
  chunkSource,
  findReusable,
  type ReusableFile,
  readReusable,
} from './reuse-file.ts';
import { UnreadableFile } from './source/read-stable.ts';
import { systemPace } from './source/system-pace.ts';
import type { FileTable } from './table/file-table.ts';
import { type LineTable, lineTable } from './table/line-table.ts';
import { type StatTable, statTable } from './table/stat-table.ts';
import type { Progress } from './types.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** Plain bytes of small files read ahead of the one being written. */
const READ_AHEAD_BYTES = 12 * 2 ** 20;
/** What a file costs of that however small it is, so that few files are open at once. */
const LEAST_COST_BYTES = 2 ** 20;

const NS_PER_MS = 1_000_000n;

/** UTC with nanoseconds, from the nanoseconds of the Unix epoch. */
const isoNanoseconds = (ns: bigint): string => {
  const ms = ns / NS_PER_MS;
  const below = Number(ns - ms * NS_PER_MS);
  // Before the epoch the division went up.
  const [date, rest] = below < 0 ? [Number(ms) - 1, below + 1e6] : [Number(ms), below];
  return `${new Date(date).toISOString().slice(0, -1)}${String(rest).padStart(6, '0')}Z`;
};

const lineOf = (file: FileToArchive, { content, stat }: ArchivedFile): ManifestFile => {
  const facts: BigIntStats = file.statOf ?? stat;
  const mode = Number(facts.mode & 0o777n);
  const mtime = isoNanoseconds(facts.mtimeNs);
  return { type: 'file', ...file.stored, ...content, mode, mtime };
};

export interface WriteEntriesOptions {
  readonly previous: PreviousBackup | null;
  readonly signal?: AbortSignal | undefined;
  readonly retryDelaysMs?: readonly number[] | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What went into the archive. */
export interface WrittenEntries {
  readonly lines: LineTable;
  /** Plain bytes of all of them. */
  readonly bytes: number;
  readonly unreadable: string[];
  /** Of each line, in the same order, for the next backup. */
  readonly stats: StatTable;
  readonly reused: ReusedWork;
}

/** What was taken over from the previous backup instead of being packed again. */
export interface ReusedWork {
  readonly files: number;
  /** Chunks of 1 MiB of large files that changed in part. */
  readonly chunks: number;
}

const reusableOf = (
  previous: PreviousBackup,
  { diskPath, name, statOf, stored, unchanged }: FileToArchive,
  means: ReadMeans,
): Promise<ReusableFile | null> => {
  if (statOf === undefined) return findReusable(previous, stored.path, diskPath(name), means);
  // A copy was made a moment ago: its facts say nothing.
  return unchanged === undefined
    ? Promise.resolve(null)
    : readReusable(previous, unchanged, statOf, means.pool);
};

/**
 * A database was to be taken over without a copy, and the previous backup does not give it back any more,
 * though it did a moment ago: everything has to be made without that backup.
 */
export class PreviousRotted extends Error {
  override readonly name = 'PreviousRotted';
}

/**
 * Writes every file; those that could not be read are named in `unreadable` and are not in the archive.
 *
 * @throws PreviousRotted
 */
export const writeEntries = async (
  writer: ArchiveWriter,
  files: FileTable,
  options: WriteEntriesOptions,
): Promise<WrittenEntries> => {
  const lines = lineTable();
  const unreadable: string[] = [];
  const stats = statTable();
  const reused = { files: 0, chunks: 0 };
  const { previous } = options;
  const means = { pool: bufferPool(READ_AHEAD_BYTES), pace: systemPace() };
  const { pool } = means;
  const totalEntries = files.length;
  let totalBytes = 0;
  for (const { size } of files) totalBytes += size;
  let writtenBytes = 0;
  let bytes = 0;
  const report = (entry: string) =>
    options.onProgress?.({
      phase: 'write',
      bytes,
      totalBytes,
      entries: lines.length,
      totalEntries,
      entry,
    });

  const ahead = readAhead(
    files,
    READ_AHEAD_BYTES,
    ({ size }) => (size > SMALL_BYTES ? 0 : Math.max(size, LEAST_COST_BYTES)),
    async (file) => {
      const reusable = previous === null ? null : await reusableOf(previous, file, means);
      if (reusable !== null) return reusable;
      if (file.unchanged !== undefined) throw new PreviousRotted();
      return file.size > SMALL_BYTES
        ? { kind: 'large' as const }
        : prepareFile(file.diskPath(file.name), file.size, options, means);
    },
  );
  const addRead = (item: FileToArchive, prepared: PreparedFile, before: number) =>
    prepared.kind === 'small'
      ? addSmall(writer, item.stored.path, prepared, pool)
      : addLarge(writer, item.stored.path, item.diskPath(item.name), {
          ...options,
          findPacked:
            previous === null
              ? undefined
              : chunkSource(previous, item.stored.path, () => {
                  reused.chunks += 1;
                }),
          onBytes: (more) => {
            bytes = Math.min(bytes + more, before + item.size);
            report(item.stored.path);
          },
        });
  for await (const { item, result } of ahead) {
    options.signal?.throwIfAborted();
    const { path } = item.stored;
    const before = bytes;
    try {
      const prepared = await result;
      let archived: ArchivedFile | null = null;
      if (prepared.kind === 'reusable' && previous !== null) {
        archived = await addReused(writer, previous, path, prepared, pool);
        if (archived !== null) reused.files += 1;
      }
      if (archived === null && item.unchanged !== undefined) throw new PreviousRotted();
      // A large file whose packed bytes rotted; of a small one that was seen when it was read ahead.
      archived ??= await addRead(
        item,
        prepared.kind === 'reusable' ? { kind: 'large' } : prepared,
        before,
      );
      // A copy was made for this backup alone: what the system says of it tells nothing later.
      stats.push(item.statOf === undefined ? archived.stat : null);
      lines.push(lineOf(item, archived));
      writtenBytes += archived.content.size;
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      unreadable.push(`${path}: ${error.message}`);
    }
    bytes = before + item.size;
    report(path);
  }
  return { lines, bytes: writtenBytes, unreadable, stats, reused };
};
