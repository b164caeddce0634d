import type { Stats } from 'node:fs';
import { lstat, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { filesWhere } from '../backup-files.ts';
import { type Disk, syncFolder } from '../disk.ts';
import { systemCode } from '../errors.ts';
import type { ManifestEntry } from '../manifest.ts';
import type { OpenBackup } from '../read-backup.ts';
import { extractSource } from '../restore/extract.ts';
import { hashPath } from '../restore/hash-path.ts';
import { pathTarget } from '../restore/staged-target.ts';
import { discardWork } from '../restore/swap.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { pathInside } from '../source/list-files.ts';
import { truePath } from '../stored-path.ts';
import { lineTable } from '../table/line-table.ts';
import type { FilesSource } from '../types.ts';

/** A file, link or empty folder of the copy that was written since. */
export interface FoundFile {
  /** Path inside its source; what is not UTF-8 is shown with replacements. */
  readonly path: string;
  /** `new`: nothing of that name is live. `changed`: something else is. `same`: it is live already. */
  readonly state: 'new' | 'changed' | 'same';
  readonly bytes: number;
  readonly line: ManifestEntry;
}

const placeOf = (source: string, line: ManifestEntry): BytePath | null => {
  const place = truePath(source, line);
  return 'path' in place ? place.path : null;
};

/** What is in a line, whatever its times and rights. */
const contentOf = (line: ManifestEntry): string =>
  line.type === 'file'
    ? `file ${line.sha256}`
    : line.type === 'link'
      ? `link ${line.target}`
      : 'dir';

function* linesIn(backup: OpenBackup, source: string): Generator<[BytePath, ManifestEntry]> {
  for (const line of backup.manifest.entries) {
    if (!line.path.startsWith(`${source}/`)) continue;
    const place = placeOf(source, line);
    if (place !== null) yield [place, line];
  }
}

const lookAt = async (path: Buffer): Promise<Stats | null> => {
  try {
    return await lstat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
};

const stateOf = async (
  path: Buffer,
  line: ManifestEntry,
  signal: AbortSignal | undefined,
): Promise<FoundFile['state']> => {
  const stat = await lookAt(path);
  if (stat === null) return 'new';
  const isSame =
    line.type === 'dir'
      ? stat.isDirectory()
      : line.type === 'link'
        ? stat.isSymbolicLink() && (await readlink(path)) === line.target
        : stat.isFile() &&
          stat.size === line.size &&
          (await hashPath(path, signal)) === line.sha256;
  return isSame ? 'same' : 'changed';
};

/** Sorts the files of a copy that the backup has not, or has with other content. Reads only. */
export const salvageFiles = async (
  source: FilesSource,
  { copy, base }: { readonly copy: OpenBackup; readonly base: OpenBackup | null },
  signal: AbortSignal | undefined,
): Promise<FoundFile[]> => {
  const before = new Map<BytePath, string>();
  if (base !== null)
    for (const [place, line] of linesIn(base, source.name)) before.set(place, contentOf(line));
  const found: FoundFile[] = [];
  for (const [place, line] of linesIn(copy, source.name)) {
    if (before.get(place) === contentOf(line)) continue;
    const state = await stateOf(pathInside(source.path, place), line, signal);
    // Without the backup, what is live as well says nothing of when it was written.
    if (base === null && state === 'same') continue;
    const bytes = line.type === 'file' ? line.size : 0;
    found.push({ path: shownPath(place), state, bytes, line });
  }
  return found;
};

export interface PutFilesJob {
  readonly copy: OpenBackup;
  readonly files: readonly FoundFile[];
  readonly id: string;
  readonly disk: Disk;
  readonly signal: AbortSignal | undefined;
}

/** What became of files. */
export interface PutFiles {
  readonly put: readonly string[];
  /** Something of that name came meanwhile, or a part of the path is no folder: nothing was replaced. */
  readonly kept: readonly string[];
}

/** Makes the folders to a path, as they were in the copy; false where something else is in the way. */
const makeFolders = async (
  disk: Disk,
  root: BytePath,
  staged: BytePath,
  folder: BytePath,
): Promise<boolean> => {
  if (folder === '' || folder === '.') return true;
  if (!(await makeFolders(disk, root, staged, dirname(folder)))) return false;
  const path = bytesOf(joinPath(root, folder));
  const there = await lookAt(path);
  if (there !== null) return there.isDirectory();
  const looks = await lstat(bytesOf(joinPath(staged, folder)));
  await disk.mkdir(path, { mode: 0o700 });
  const handle = await disk.open(path, 'r');
  try {
    if (process.geteuid?.() === 0) await handle.chown(looks.uid, looks.gid);
    await handle.chmod(looks.mode & 0o7777);
  } finally {
    await handle.close();
  }
  await syncFolder(disk, bytesOf(dirname(joinPath(root, folder))));
  return true;
};

/** Brings files of the copy into the live folder, each by a name that is free, never over something. */
export const putFiles = async (
  source: FilesSource,
  { copy, files, id, disk, signal }: PutFilesJob,
): Promise<PutFiles> => {
  const wanted = new Set(files.map(({ line }) => line.path));
  const entries = lineTable();
  for (const line of copy.manifest.entries) if (wanted.has(line.path)) entries.push(line);
  const part: OpenBackup = {
    ...copy,
    files: filesWhere(copy.files, ({ path }) => wanted.has(path)),
    manifest: { ...copy.manifest, entries },
  };
  // Inside the folder, which may be a filesystem of its own.
  const target = {
    ...pathTarget({ name: source.name, type: 'files', path: join(source.path, 'salvage') }, id),
    live: source.path,
  };
  const put: string[] = [];
  const kept: string[] = [];
  const folders = new Set<string>();
  try {
    await extractSource({ backup: part, target, disk, signal, report: () => undefined });
    for (const { line, path } of files) {
      const place = placeOf(source.name, line);
      if (place === null) continue;
      const [root, staged] = [bytePath(source.path), bytePath(target.staged)];
      const isIn =
        line.type === 'dir'
          ? await makeFolders(disk, root, staged, place)
          : (await makeFolders(disk, root, staged, dirname(place))) &&
            (await linked(disk, joinPath(staged, place), joinPath(root, place)));
      (isIn ? put : kept).push(path);
      if (isIn) folders.add(dirname(joinPath(root, place)));
    }
    for (const folder of folders) await syncFolder(disk, bytesOf(folder));
  } finally {
    await discardWork([target], { disk });
  }
  return { put, kept };
};

/** By `link`, which never replaces a name. */
const linked = async (disk: Disk, from: BytePath, to: BytePath): Promise<boolean> => {
  try {
    await disk.link(bytesOf(from), bytesOf(to));
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
};
