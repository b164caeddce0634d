import type { BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { BackupFile } from './backup-files.ts';
import type { BackupJob } from './backup-options.ts';
import type { Captured, CapturedItem, CaptureJob } from './kind/data-kind.ts';
import { kindOf } from './kind/kinds.ts';
import type { ManifestEntry, ManifestSource } from './manifest.ts';
import type { PreviousWork } from './previous-backup.ts';
import type { BytePath } from './source/byte-path.ts';
import type { SqliteFingerprint } from './source/sqlite-fingerprint.ts';
import { type Owner, ownerUnless } from './stored-owner.ts';
import { pathStore, type StoredPath, truePath } from './stored-path.ts';
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
  /** Owner of its source, which its line does not repeat; null where owners mean nothing. */
  readonly owner: Owner | null;
  /** Where it is what it was in the previous backup, and is to be taken from there. */
  readonly unchanged?: BackupFile;
}

/** Everything that goes into a backup, in the order of the archive. */
export interface Gathered {
  readonly files: FileTable;
  /** Lines without an entry: links and empty folders. */
  otherLines(): LineTable;
  /** Resolves once the copies of databases passed their checks. */
  sources(): Promise<readonly ManifestSource[]>;
  unreadable(): readonly string[];
  /** What each database was, for the next backup. */
  readonly databases: Readonly<Record<string, SqliteFingerprint>>;
  /**
   * Captures sources again from which files went that had been listed: what came in their place belongs to the same whole
   * state. Returns the files that are not archived yet.
   */
  captureAgain(names: ReadonlySet<string>, archived: LineTable): Promise<FileTable>;
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
  const capturing = { ...job, newCopy, previous };
  const captured = await captureAll(job, capturing);

  const files = fileTable();
  let otherLines = lineTable();
  const databases: Record<string, SqliteFingerprint> = {};
  const storePath = pathStore();
  for (const [name, one] of captured) {
    addItems(name, one, storePath, files, otherLines);
    if (one.fingerprint != null) databases[name] = one.fingerprint;
  }
  const checked = factsInTurn([...captured.values()].map(({ facts }) => facts));
  // Awaited after the data is written; a failed check must not count as unhandled until then.
  checked.catch(() => undefined);
  const again = new Map<string, Captured>();
  return {
    files,
    otherLines: () => otherLines,
    databases,
    unreadable: () => [...captured].flatMap(([name, one]) => (again.get(name) ?? one).unreadable),
    sources: async () => {
      const newer = new Map<string, ManifestSource>();
      for (const [name, { facts }] of again) newer.set(name, await facts());
      return (await checked).map((facts) => newer.get(facts.name) ?? facts);
    },
    captureAgain: async (names, archived) => {
      const more = fileTable();
      for (const source of job.sources) {
        if (!names.has(source.name)) continue;
        const one = await kindOf(source).capture(source, capturing);
        again.set(source.name, one);
        otherLines = addNewer(source.name, one, { storePath, archived, otherLines, files: more });
      }
      return more;
    },
  };
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
  { diskPath, items, owner }: Captured,
  storePath: ReturnType<typeof pathStore>,
  files: FileTable,
  otherLines: LineTable,
): void => {
  const first = files.length;
  const common = { diskPath, owner };
  for (const item of items) {
    const stored = storePath(source, item.name);
    if (item.type === 'file') {
      const { type: _, name, size, ...special } = item;
      const isCommon = Object.keys(special).length === 0;
      files.push({ stored, name, size }, isCommon ? common : { ...common, ...special });
    } else otherLines.push(lineOf(item, stored, owner));
  }
  // By the name in the archive: the escaped ones sort elsewhere than their true names.
  files.sort(first);
};

const lineOf = (
  item: Exclude<CapturedItem, { readonly type: 'file' }>,
  stored: StoredPath,
  owner: Owner | null,
): ManifestEntry => {
  const own = owner === null ? {} : ownerUnless(owner, item);
  return item.type === 'link'
    ? { type: 'link', ...stored, target: item.target, ...own }
    : { type: 'dir', ...stored, mode: item.mode, ...own };
};

interface Newer {
  readonly storePath: ReturnType<typeof pathStore>;
  readonly archived: LineTable;
  readonly otherLines: LineTable;
  readonly files: FileTable;
}

/** Adds what a second capture has and the archive has not; returns the lines without an entry as they are now. */
const addNewer = (
  source: string,
  { diskPath, items, owner }: Captured,
  { storePath, archived, otherLines, files }: Newer,
): LineTable => {
  const placeOf = (line: ManifestEntry): BytePath | null => {
    const place = truePath(source, line);
    return 'path' in place ? place.path : null;
  };
  const taken = new Set<BytePath>();
  for (const line of archived) taken.add(placeOf(line) ?? '');
  const before = new Map<BytePath, ManifestEntry>();
  const lines = lineTable();
  for (const line of otherLines)
    if (line.path.startsWith(`${source}/`)) before.set(placeOf(line) ?? '', line);
    else lines.push(line);
  for (const item of items) {
    const parts = item.name.split('/');
    // Of what was archived as a file, the file is kept.
    if (parts.some((_, i) => taken.has(parts.slice(0, i + 1).join('/')))) continue;
    const known = before.get(item.name);
    const stored =
      known === undefined
        ? storePath(source, item.name)
        : { path: known.path, ...(known.name === undefined ? {} : { name: known.name }) };
    if (item.type === 'file')
      files.push({ stored, name: item.name, size: item.size }, { diskPath, owner });
    else lines.push(lineOf(item, stored, owner));
  }
  return lines;
};
