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
import { allocatedBytes } from './put-back/survey-folder.ts';
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
import { ownerUnless } from './stored-owner.ts';
import { storedTime } from './stored-time.ts';
import type { FileTable } from './table/file-table.ts';
import { type LineTable, lineTable } from './table/line-table.ts';
import { type StatTable, statTable } from './table/stat-table.ts';
import type { Progress } from './types.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** Plain bytes of small files read ahead of the one being written. */
const READ_AHEAD_BYTES = 12 * 2 ** 20;
/** What a file costs of that however small it is, so that few files are open at once. */
const LEAST_COST_BYTES = 2 ** 20;

/** What is known of the files that were written so far, for the lines of those that follow. */
interface Written {
  /** Stored path and SHA-256 of files with several names, by device and inode. */
  readonly manyNames: Map<string, { readonly path: string; readonly sha256: string }>;
  readonly notes: string[];
}

/** A file with fewer bytes than this in holes is as good without them. */
const LEAST_HOLES_BYTES = 2 ** 15;

/** The line of the same file that came before, where it has another name. */
const sameFile = (
  { manyNames }: Written,
  { stored }: FileToArchive,
  { content, stat }: ArchivedFile,
): { sameAs?: string } => {
  if (stat.nlink < 2n) return {};
  const key = `${stat.dev}:${stat.ino}`;
  const first = manyNames.get(key);
  if (first === undefined) {
    manyNames.set(key, { path: stored.path, sha256: content.sha256 });
    return {};
  }
  // It may have been written to between its two readings.
  return first.sha256 === content.sha256 ? { sameAs: first.path } : {};
};

const lineOf = (file: FileToArchive, archived: ArchivedFile, written: Written): ManifestFile => {
  const { content, stat } = archived;
  const facts: BigIntStats = file.statOf ?? stat;
  const mode = Number(facts.mode & 0o7777n);
  const { mtime, note } = storedTime(facts.mtimeNs);
  if (note !== null) written.notes.push(`${file.stored.path}: ${note}`);
  const holes = content.size - allocatedBytes({ size: content.size, blocks: Number(stat.blocks) });
  return {
    type: 'file',
    ...file.stored,
    ...content,
    mode,
    mtime,
    ...(file.owner === null
      ? {}
      : ownerUnless(file.owner, { uid: Number(facts.uid), gid: Number(facts.gid) })),
    // Both are about the file that was read, and not of a copy that was made for this.
    ...(file.statOf === undefined && holes >= LEAST_HOLES_BYTES
      ? { allocated: content.size - holes }
      : {}),
    ...(file.statOf === undefined ? sameFile(written, file, archived) : {}),
  };
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
  bytes: number;
  readonly unreadable: string[];
  /** Files that were listed, and gone when their turn came, by stored path. */
  readonly gone: string[];
  /** What could not be kept as it was, with the path. */
  readonly notes: string[];
  /** Of each line, in the same order, for the next backup. */
  readonly stats: StatTable;
  readonly reused: ReusedWork;
  readonly manyNames: Written['manyNames'];
}

/** Before the first file. */
export const nothingWritten = (): WrittenEntries => ({
  lines: lineTable(),
  bytes: 0,
  unreadable: [],
  gone: [],
  notes: [],
  stats: statTable(),
  reused: { files: 0, chunks: 0 },
  manyNames: new Map(),
});

/** What was taken over from the previous backup instead of being packed again. */
export interface ReusedWork {
  files: number;
  /** Chunks of 1 MiB of large files that changed in part. */
  chunks: number;
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
 * Writes every file, and adds it to what was written before; those that could not be read are named in `unreadable` or
 * `gone`, and are not in the archive.
 *
 * @throws PreviousRotted
 */
export const writeEntries = async (
  writer: ArchiveWriter,
  files: FileTable,
  written: WrittenEntries,
  options: WriteEntriesOptions,
): Promise<void> => {
  const { lines, unreadable, gone, stats, reused } = written;
  const { previous } = options;
  const means = { pool: bufferPool(READ_AHEAD_BYTES), pace: systemPace() };
  const { pool } = means;
  const totalEntries = lines.length + files.length;
  let totalBytes = written.bytes;
  for (const { size } of files) totalBytes += size;
  let bytes = written.bytes;
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
      lines.push(lineOf(item, archived, written));
      written.bytes += archived.content.size;
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      // A copy of ours that is gone is no state of the data.
      if (error.kind === 'gone' && item.statOf === undefined) gone.push(path);
      else unreadable.push(`${path}: ${error.message}`);
    }
    bytes = before + item.size;
    report(path);
  }
};
