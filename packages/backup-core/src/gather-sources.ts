import type { BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { BackupJob } from './backup-options.ts';
import type { ManifestEntry, ManifestSource } from './manifest.ts';
import { copySqlite } from './source/copy-sqlite.ts';
import { checkSqliteCopy } from './source/inspect-sqlite.ts';
import { type FileListing, listFiles, pathInside } from './source/list-files.ts';
import { pathStore, type StoredPath } from './stored-path.ts';
import type { DataSource } from './types.ts';
import { workName } from './work-files.ts';

/** A file that is to be archived. */
export interface FileToArchive {
  readonly stored: StoredPath;
  readonly diskPath: Buffer;
  /** By the listing; the file may have changed since. */
  readonly size: number;
  /** Whose mode and time count, where that is not the file read: a database is read from a copy. */
  readonly statOf?: BigIntStats;
}

/** Everything that goes into a backup, in the order of the archive. */
export interface Gathered {
  readonly files: readonly FileToArchive[];
  /** Lines without an entry: links and empty folders. */
  readonly otherLines: readonly ManifestEntry[];
  /** Ready once the copies of databases passed their checks. */
  readonly sources: Promise<readonly ManifestSource[]>;
  readonly unreadable: readonly string[];
}

type Captured = { readonly source: DataSource } & (
  | { readonly kind: 'files'; readonly listing: FileListing }
  | {
      readonly kind: 'sqlite';
      readonly copy: string;
      readonly of: BigIntStats;
      readonly bytes: number;
    }
);

/**
 * Captures databases first, then lists files: a row that names a file was written after the file, so the
 * files that a database speaks of are there. `tempFolder` holds the copies; `copies` learns of each before it exists.
 */
export const gatherSources = async (
  job: BackupJob,
  tempFolder: string,
  copies: string[],
): Promise<Gathered> => {
  const captured = new Map<string, Captured>();
  for (const source of job.sources)
    if (source.type === 'sqlite')
      captured.set(source.name, await capture(job, source, tempFolder, copies));
  for (const source of job.sources)
    if (source.type === 'files')
      captured.set(source.name, {
        kind: 'files',
        source,
        listing: await listFiles(source, job.signal),
      });

  const files: FileToArchive[] = [];
  const otherLines: ManifestEntry[] = [];
  const unreadable: string[] = [];
  const facts: Promise<ManifestSource>[] = [];
  const storePath = pathStore();
  for (const { name } of job.sources) {
    const one = captured.get(name);
    if (one === undefined) continue;
    if (one.kind === 'sqlite') {
      files.push({
        stored: storePath(name, Buffer.from(basename(one.source.path))),
        diskPath: Buffer.from(one.copy),
        size: one.bytes,
        statOf: one.of,
      });
      facts.push(sqliteFacts(job, one));
    } else {
      addListing(one, storePath, files, otherLines);
      unreadable.push(...one.listing.unreadable);
      facts.push(Promise.resolve(filesFacts(one)));
    }
  }
  const sources = Promise.all(facts);
  // Awaited after the data is written; a failed check must not count as unhandled until then.
  sources.catch(() => undefined);
  return { files, otherLines, unreadable, sources };
};

const capture = async (
  job: BackupJob,
  source: DataSource,
  tempFolder: string,
  copies: string[],
): Promise<Captured> => {
  const copy = join(tempFolder, workName('sqlite'));
  copies.push(copy);
  await (await job.disk.open(copy, 'wx', 0o600)).close();
  const of = await copySqlite({
    name: source.name,
    path: source.path,
    to: copy,
    signal: job.signal,
    onPages: (done, total) =>
      job.onProgress?.({
        phase: 'copy',
        bytes: done,
        totalBytes: total,
        entries: 0,
        totalEntries: 1,
        entry: source.name,
      }),
  });
  return { kind: 'sqlite', source, copy, of, bytes: (await stat(copy)).size };
};

const sqliteFacts = async (
  job: BackupJob,
  { source, copy, bytes }: Extract<Captured, { kind: 'sqlite' }>,
): Promise<ManifestSource> => {
  const { problems, foreignKeyViolations, ...facts } = await checkSqliteCopy(
    copy,
    bytes,
    source.path,
    job.signal,
  );
  return {
    name: source.name,
    type: 'sqlite',
    ...facts,
    ...(foreignKeyViolations > 0 ? { foreignKeyViolations } : {}),
  };
};

const filesFacts = ({ source, listing }: Extract<Captured, { kind: 'files' }>): ManifestSource => ({
  name: source.name,
  type: 'files',
  ...(source.include === undefined ? {} : { include: [...source.include] }),
  ...(source.exclude === undefined ? {} : { exclude: [...source.exclude] }),
  ...(Object.keys(listing.folderModes).length === 0 ? {} : { folderModes: listing.folderModes }),
});

const addListing = (
  { source, listing }: Extract<Captured, { kind: 'files' }>,
  storePath: ReturnType<typeof pathStore>,
  files: FileToArchive[],
  otherLines: ManifestEntry[],
): void => {
  const own: FileToArchive[] = [];
  for (const item of listing.items) {
    const stored = storePath(source.name, item.name);
    if (item.type === 'file')
      own.push({ stored, diskPath: pathInside(source.path, item.name), size: item.size });
    else if (item.type === 'link')
      otherLines.push({ type: 'link', ...stored, target: item.target });
    else otherLines.push({ type: 'dir', ...stored, mode: item.mode });
  }
  // By the name in the archive: the escaped ones sort elsewhere than their true names.
  own.sort((a, b) => Buffer.compare(Buffer.from(a.stored.path), Buffer.from(b.stored.path)));
  files.push(...own);
};
