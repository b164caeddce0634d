import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { type BackupFiles, backupFiles } from './backup-files.ts';
import { parseBackupName } from './backup-name.ts';
import { BackupError, systemCode, throwUnreadable } from './errors.ts';
import { FORMAT_LIMITS } from './limits.ts';
import {
  filesOf,
  MANIFEST_NAME,
  type ManifestEntry,
  type ManifestFile,
  type ManifestSource,
} from './manifest.ts';
import { manifestReader, type ReadManifest } from './read-manifest.ts';
import { linkProblem, trueNameProblem, truePath } from './stored-path.ts';
import type { EntryTable } from './table/entry-table.ts';
import type { LineTable } from './table/line-table.ts';
import { openFile } from './zip/close-reads.ts';
import { type NameSet, nameSet } from './zip/entry-name.ts';
import { type ArchiveEntry, readArchive } from './zip/read-archive.ts';
import { type EntryDigest, readEntry } from './zip/read-entry.ts';
import { type OpenFile, refuse } from './zip/read-structure.ts';

/** A backup open for reading, whose structure and manifest hold. */
export interface OpenBackup extends OpenFile {
  readonly manifest: OpenManifest;
  /** SHA-256 (hex) of the manifest as it lies in the archive. */
  readonly manifestSha256: string;
  /** Each file of the manifest with its entry, in the order of the archive. */
  readonly files: BackupFiles;
}

/** The manifest of an open backup: its lines are off the heap. */
export type OpenManifest = ReadManifest & { readonly createdAt: string };

/**
 * Opens a backup: structure by rules 1 to 10 and 12, manifest by rule 13. No data is looked at but the manifest's.
 *
 * @throws BackupError `not-found`, `unreadable`, `bad-archive`, `bad-manifest`
 */
export const openBackup = async <T>(
  file: string,
  use: (backup: OpenBackup) => Promise<T>,
): Promise<T> => {
  const handle = await open(file, 'r').catch((error: unknown) => {
    if (systemCode(error) !== 'ENOENT') return throwUnreadable(file)(error);
    throw new BackupError('not-found', `${file} does not exist`, { file, cause: error });
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw new BackupError('not-found', `${file} is not a file`, { file });
    return await use(await read(openFile(file, handle, stat.size), stat.mtimeMs));
  } finally {
    await handle.close();
  }
};

/** A function of its own: the set of all names goes when it is done. */
const read = async (opened: OpenFile, mtimeMs: number): Promise<OpenBackup> => {
  const { file } = opened;
  const names = nameSet();
  const entries = await readArchive(opened, names);
  const last = entries.length === 0 ? null : entries.at(entries.length - 1);
  if (last?.name !== MANIFEST_NAME)
    return refuse(file, 13, `its last entry is not ${MANIFEST_NAME}`);
  const { stored, manifestSha256 } = await readManifestEntry(opened, last);
  const createdMs = parseBackupName(basename(file))?.atMs ?? mtimeMs;
  const manifest: OpenManifest = { ...stored, createdAt: new Date(createdMs).toISOString() };
  const files = matchEntries(file, manifest, entries);
  checkLines(file, manifest, names);
  return { ...opened, manifest, manifestSha256, files };
};

const readManifestEntry = async (
  opened: OpenFile,
  entry: ArchiveEntry,
): Promise<{ stored: ReadManifest; manifestSha256: string }> => {
  if (entry.plainBytes > FORMAT_LIMITS.maxManifestBytes)
    return refuse(opened.file, 12, `it has ${entry.plainBytes} bytes`, entry.name);
  const reader = manifestReader(opened.file);
  const digest: EntryDigest = { sha256: '' };
  for await (const part of readEntry(opened, entry, digest)) reader.push(part);
  return { stored: reader.finish(), manifestSha256: digest.sha256 };
};

/** Rule 13: every line belongs to a source, means one place in it, and no two mean the same. */
const checkLines = (file: string, manifest: OpenManifest, names: NameSet): void => {
  const sources = new Map(manifest.sources.map((source) => [source.name, source]));
  if (sources.size !== manifest.sources.length)
    refuse(file, 13, 'its manifest names a source twice');
  // The true names are bytes, and are compared as such. Where none is another than the stored one, they are as different.
  const trueNames = hasTrueNames(manifest) ? nameSet((name) => name) : null;
  const linesOf = new Map<string, number>();
  for (const line of manifest.entries) {
    const name = line.path.slice(0, Math.max(0, line.path.indexOf('/')));
    const problem = lineProblem(sources.get(name), line, names, trueNames);
    if (problem !== null) refuse(file, 13, `its line in the manifest ${problem}`, line.path);
    linesOf.set(name, (linesOf.get(name) ?? 0) + 1);
  }
  checkNames(file, manifest);
  checkFolders(file, manifest);
  for (const { name, type } of manifest.sources)
    if (type !== 'files' && manifest.complete && linesOf.get(name) !== 1)
      refuse(
        file,
        13,
        `its manifest has ${linesOf.get(name) ?? 0} files for the database "${name}"`,
      );
};

/** Rule 13: a further name of a file comes after that file, has its content, and is no name of a name. */
const checkNames = (file: string, manifest: OpenManifest): void => {
  const wanted = new Set<string>();
  for (const line of manifest.entries)
    if (line.type === 'file' && line.sameAs !== undefined) wanted.add(line.sameAs);
  if (wanted.size === 0) return;
  const first = new Map<string, ManifestFile>();
  for (const line of manifest.entries) {
    if (line.type !== 'file') continue;
    if (line.sameAs === undefined) {
      if (wanted.has(line.path)) first.set(line.path, line);
      continue;
    }
    const other = first.get(line.sameAs);
    const source = line.path.slice(0, line.path.indexOf('/') + 1);
    if (other?.sha256 !== line.sha256 || !other.path.startsWith(source))
      refuse(file, 13, 'its line names a file that is not the same', line.path);
  }
};

/** Rule 13: what is said of a folder is said of one inside its source. */
const checkFolders = (file: string, { sources }: OpenManifest): void => {
  for (const { name, folderModes = {}, folders = [], attributes = [] } of sources) {
    const paths = [
      ...Object.keys(folderModes).filter((path) => path !== ''),
      ...[...folders, ...attributes.filter((each) => each.name !== '')].map((each) =>
        Buffer.from(each.name, 'base64').toString('latin1'),
      ),
    ];
    for (const path of paths) {
      const problem = trueNameProblem(path);
      if (problem !== null)
        refuse(file, 13, `its manifest names a folder of "${name}" that ${problem}`);
    }
  }
};

const hasTrueNames = ({ entries }: OpenManifest): boolean => {
  for (const { name } of entries) if (name !== undefined) return true;
  return false;
};

const lineProblem = (
  source: ManifestSource | undefined,
  line: ManifestEntry,
  names: NameSet,
  trueNames: NameSet | null,
): string | null => {
  if (source === undefined) return 'belongs to no source of the manifest';
  const place = truePath(source.name, line);
  if ('problem' in place) return place.problem;
  // The names of files are those of the archive, and stand beside each other there.
  const collision =
    (line.type === 'file' ? null : names.add(line.path)) ??
    trueNames?.add(`${source.name}/${place.path}`) ??
    null;
  if (collision !== null) return collision;
  const link = line.type === 'link' ? linkProblem(place.path, line.target) : null;
  if (link !== null) return `is a link that ${link}`;
  const isOneFile = line.type === 'file' && !place.path.includes('/');
  return source.type !== 'files' && !isOneFile ? 'is not the one file of its database' : null;
};

/** Rule 13: the same files in the manifest and in the archive, in the same order and of the same sizes. */
const matchEntries = (file: string, manifest: OpenManifest, entries: EntryTable): BackupFiles => {
  /** Rows of the lines, for each entry in turn. */
  const rows: number[] = [];
  let totalBytes = 0;
  for (const [row, line] of withRows(manifest.entries)) {
    if (line.type !== 'file') continue;
    const entry = rows.length < entries.length - 1 ? entries.at(rows.length) : null;
    if (line.path !== entry?.name) return refuseMatch(file, manifest, entries);
    if (line.size !== entry.plainBytes)
      return refuse(
        file,
        13,
        `it has ${entry.plainBytes} bytes, ${line.size} by the manifest`,
        entry.name,
      );
    rows.push(row);
    totalBytes += line.size;
  }
  if (rows.length !== entries.length - 1) return refuseMatch(file, manifest, entries);
  if (totalBytes !== manifest.totalBytes)
    return refuse(
      file,
      12,
      `its entries have ${totalBytes} bytes, ${manifest.totalBytes} by the manifest`,
    );
  return backupFiles(manifest.entries, rows, entries);
};

function* withRows(lines: LineTable): Generator<[number, ManifestEntry]> {
  for (let row = 0; row < lines.length; row++) yield [row, lines.at(row)];
}

/** Says what the manifest and the archive disagree on. */
const refuseMatch = (file: string, manifest: OpenManifest, entries: EntryTable): never => {
  const left = new Set<string>();
  for (const { path } of filesOf(manifest)) {
    if (left.has(path)) refuse(file, 13, 'its line in the manifest is there twice', path);
    left.add(path);
  }
  for (const { name } of entries)
    if (name !== MANIFEST_NAME && !left.delete(name))
      refuse(file, 13, 'the manifest has no line for it', name);
  const [missing] = left;
  return missing === undefined
    ? refuse(file, 13, 'its manifest has the files in another order than the archive')
    : refuse(file, 13, 'the manifest names it, the archive has it not', missing);
};
