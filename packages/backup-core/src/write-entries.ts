import type { BigIntStats } from 'node:fs';
import { type ArchivedFile, addLarge, addSmall, prepareFile, SMALL_BYTES } from './archive-file.ts';
import type { FileToArchive } from './gather-sources.ts';
import type { ManifestFile } from './manifest.ts';
import { readAhead } from './read-ahead.ts';
import { UnreadableFile } from './source/read-stable.ts';
import type { Progress } from './types.ts';
import type { ArchiveWriter } from './zip/write-archive.ts';

/** Plain bytes of small files read ahead of the one being written. */
const READ_AHEAD_BYTES = 24 * 2 ** 20;
/** What a file costs of that however small it is, so that few files are open at once. */
const LEAST_COST_BYTES = 2 ** 20;

const NS_PER_SECOND = 1_000_000_000n;

/** UTC with nanoseconds, from the nanoseconds of the Unix epoch. */
export const isoNanoseconds = (ns: bigint): string => {
  const below = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  const seconds = Number((ns - below) / NS_PER_SECOND);
  const date = new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');
  return `${date}.${below.toString().padStart(9, '0')}Z`;
};

const lineOf = (file: FileToArchive, { content, stat }: ArchivedFile): ManifestFile => {
  const facts: BigIntStats = file.statOf ?? stat;
  return {
    type: 'file',
    ...file.stored,
    ...content,
    mode: Number(facts.mode & 0o777n),
    mtime: isoNanoseconds(facts.mtimeNs),
  };
};

export interface WriteEntriesOptions {
  readonly signal?: AbortSignal | undefined;
  readonly retryDelaysMs?: readonly number[] | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** Writes every file; those that could not be read are named in `unreadable` and are not in the archive. */
export const writeEntries = async (
  writer: ArchiveWriter,
  files: readonly FileToArchive[],
  options: WriteEntriesOptions,
): Promise<{ lines: ManifestFile[]; unreadable: string[] }> => {
  const lines: ManifestFile[] = [];
  const unreadable: string[] = [];
  const totalBytes = files.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const report = (entry: string) =>
    options.onProgress?.({
      phase: 'write',
      bytes,
      totalBytes,
      entries: lines.length,
      totalEntries: files.length,
      entry,
    });

  const ahead = readAhead(
    files,
    READ_AHEAD_BYTES,
    ({ size }) => (size > SMALL_BYTES ? 0 : Math.max(size, LEAST_COST_BYTES)),
    async (file) =>
      file.size > SMALL_BYTES ? { kind: 'large' as const } : prepareFile(file.diskPath, options),
  );
  for await (const { item, result } of ahead) {
    options.signal?.throwIfAborted();
    const { path } = item.stored;
    const before = bytes;
    try {
      const prepared = await result;
      const archived =
        prepared.kind === 'small'
          ? await addSmall(writer, path, prepared)
          : await addLarge(writer, path, item.diskPath, {
              ...options,
              onBytes: (more) => {
                bytes = Math.min(bytes + more, before + item.size);
                report(path);
              },
            });
      lines.push(lineOf(item, archived));
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      unreadable.push(`${path}: ${error.message}`);
    }
    bytes = before + item.size;
    report(path);
  }
  return { lines, unreadable };
};
