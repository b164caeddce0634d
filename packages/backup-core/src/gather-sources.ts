import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { BackupFile } from './backup-files.ts';
import type { BackupJob } from './backup-options.ts';
import type { Captured, CaptureJob } from './kind/data-kind.ts';
import { kindOf } from './kind/kinds.ts';
import type { ManifestSource } from './manifest.ts';
import type { PreviousWork } from './previous-backup.ts';
import type { BytePath } from './source/byte-path.ts';
import type { SqliteFingerprint } from './source/sqlite-fingerprint.ts';
import { pathStore, type StoredPath } from './stored-path.ts';
import { type FileTable, fileTable } from './table/file-table.ts';
import { type LineTable, lineTable } from './table/line-table.ts';
import { workName } from './work-files.ts';

/** A file that is to be archived. */
export interface FileToArchive {
  readonly stored: StoredPath;
  /** Path inside its source. */
  readonly name: BytePath;
  /** Where the file of this name is read. */
  readonly diskPath: (name: BytePath) => Buffer;
  /** By the listing; the file may have changed since. */
  readonly size: number;
  /** Whose mode and time count, where that is not the file read: a database is read from a copy. */
  readonly statOf?: BigIntStats;
  /** Where it is what it was in the previous backup, and is to be taken from there. */
  readonly unchanged?: BackupFile;
}

/** Everything that goes into a backup, in the order of the archive. */
export interface Gathered {
  readonly files: FileTable;
  /** Lines without an entry: links and empty folders. */
  readonly otherLines: LineTable;
  /** Ready once the copies of databases passed their checks. */
  readonly sources: Promise<readonly ManifestSource[]>;
  readonly unreadable: readonly string[];
  /** What each database was, for the next backup. */
  readonly databases: Readonly<Record<string, SqliteFingerprint>>;
}

/**
 * Captures what must come first (databases), then the rest. `tempFolder` holds the copies; `copies` learns of each
 * before it exists.
 */
export const gatherSources = async (
  job: BackupJob,
  tempFolder: string,
  copies: string[],
  previous: PreviousWork,
): Promise<Gathered> => {
  const newCopy = async (extension: string): Promise<string> => {
    const copy = join(tempFolder, workName(extension));
    copies.push(copy);
    await (await job.disk.open(copy, 'wx', 0o600)).close();
    return copy;
  };
  const captured = await captureAll(job, { ...job, newCopy, previous });

  const files = fileTable();
  const otherLines = lineTable();
  const unreadable: string[] = [];
  const databases: Record<string, SqliteFingerprint> = {};
  const storePath = pathStore();
  for (const [name, one] of captured) {
    addItems(name, one, storePath, files, otherLines);
    for (const problem of one.unreadable) unreadable.push(problem);
    if (one.fingerprint != null) databases[name] = one.fingerprint;
  }
  const sources = factsInTurn([...captured.values()].map(({ facts }) => facts));
  // Awaited after the data is written; a failed check must not count as unhandled until then.
  sources.catch(() => undefined);
  return { files, otherLines, unreadable, sources, databases };
};

/** One after the other: each check of a database has a thread and a page cache, and memory is to stay bounded. */
const factsInTurn = async (all: readonly Captured['facts'][]): Promise<ManifestSource[]> => {
  const found: ManifestSource[] = [];
  for (const facts of all) found.push(await facts());
  return found;
};

/** By source, in the order of the options, whatever came first. */
const captureAll = async (
  { sources }: BackupJob,
  job: CaptureJob,
): Promise<ReadonlyMap<string, Captured>> => {
  const found = new Map<string, Captured>();
  for (const isFirst of [true, false])
    for (const source of sources) {
      const kind = kindOf(source);
      if (kind.isCapturedFirst === isFirst) found.set(source.name, await kind.capture(source, job));
    }
  return new Map(
    sources.flatMap(({ name }) => {
      const one = found.get(name);
      return one === undefined ? [] : [[name, one] as const];
    }),
  );
};

const addItems = (
  source: string,
  { diskPath, items }: Captured,
  storePath: ReturnType<typeof pathStore>,
  files: FileTable,
  otherLines: LineTable,
): void => {
  const first = files.length;
  const common = { diskPath };
  for (const item of items) {
    const stored = storePath(source, item.name);
    if (item.type === 'file') {
      const { type: _, name, size, ...special } = item;
      const isCommon = Object.keys(special).length === 0;
      files.push({ stored, name, size }, isCommon ? common : { ...common, ...special });
    } else if (item.type === 'link')
      otherLines.push({ type: 'link', ...stored, target: item.target });
    else otherLines.push({ type: 'dir', ...stored, mode: item.mode });
  }
  // By the name in the archive: the escaped ones sort elsewhere than their true names.
  files.sort(first);
};
