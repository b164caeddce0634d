import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { type BackupFile, type BackupFiles, filesOfSource } from '../backup-files.ts';
import { type Disk, syncFolder } from '../disk.ts';
import type { ManifestEntry, ManifestFile } from '../manifest.ts';
import type { OpenBackup } from '../read-backup.ts';
import { type BytePath, bytePath, bytesOf, joinPath } from '../source/byte-path.ts';
import type { Owner } from '../stored-owner.ts';
import { truePath } from '../stored-path.ts';
import { timeToSet } from '../stored-time.ts';
import { type EntryDigest, readEntry } from '../zip/read-entry.ts';
import { refuse } from '../zip/read-structure.ts';
import { folderLooks } from './folder-looks.ts';
import { ownerOf } from './live-owner.ts';
import type { PathTarget } from './staged-target.ts';

/** Never through a link, never over something. */
const EXCLUSIVE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | (constants.O_NOFOLLOW ?? 0);
const DEFAULT_FOLDER_MODE = 0o755;
/** Files written at once: each waits for its fsync most of the time. */
const PARALLEL = 8;

interface SourceJob {
  readonly backup: OpenBackup;
  readonly target: PathTarget;
  readonly disk: Disk;
  readonly signal: AbortSignal | undefined;
  readonly report: (entry: string, bytes: number) => void;
}

interface ExtractJob extends SourceJob {
  /** Who gets what comes; null: whoever runs this. */
  readonly ownerOf: ((line: OwnedLine) => Owner) | null;
}

/** What the manifest says of an owner, of a file, folder or link. */
type OwnedLine = { readonly uid?: number | undefined; readonly gid?: number | undefined };

/**
 * Owners are the backup's; one that says nothing of them (a dump, or a backup of an older version) is given to the owner of
 * what is live. Only root gives anything away.
 */
const ownersFor = async ({ backup, target }: SourceJob): Promise<ExtractJob['ownerOf']> => {
  const source = backup.manifest.sources.find(({ name }) => name === target.name);
  if (source?.uid === undefined || source.gid === undefined) {
    const owner = await ownerOf(target.live);
    return owner === null ? null : () => owner;
  }
  if (process.geteuid?.() !== 0) return null;
  const { uid, gid } = source;
  return (line) => ({ uid: line.uid ?? uid, gid: line.gid ?? gid });
};

/**
 * Extracts one source of a verified backup to `target.staged`; durable when it returns. Run by root, each file gets the owner
 * that it had.
 */
export const extractSource = async (source: SourceJob): Promise<void> => {
  const { backup, disk, target } = source;
  const job = { ...source, ownerOf: await ownersFor(source) };
  await disk.mkdir(dirname(target.staged), { mode: 0o700, recursive: true });
  await disk.mkdir(dirname(target.previous), { mode: 0o700, recursive: true });
  const folders = new Set<string>();
  if (target.type === 'files') {
    await disk.mkdir(target.staged, { mode: 0o700 });
    folders.add(bytePath(target.staged));
  }
  const own = filesOfSource(backup.files, target.name);
  for (const { line } of own) await makeFolders(job, folders, dirname(placeOf(job, line)));
  const firsts = firstNames(own);
  const named: ManifestFile[] = [];
  await inParallel(own, PARALLEL, async (one) => {
    job.signal?.throwIfAborted();
    if (firsts.has(one.line.sameAs ?? '')) named.push(one.line);
    else await extractFile(job, one);
    job.report(one.line.path, one.line.size);
  });
  await makeNames(job, named, firsts);
  await makeOthers(job, folders);
  await finishFolders(job, folders);
};

/** Absolute path that a line of the manifest stands for. */
const placeOf = ({ backup, target }: ExtractJob, line: ManifestEntry): BytePath => {
  if (target.type !== 'files') return bytePath(target.staged);
  const place = truePath(target.name, line);
  if ('problem' in place) return refuse(backup.file, 13, `its line ${place.problem}`, line.path);
  return joinPath(bytePath(target.staged), place.path);
};

const makeFolders = async (
  job: ExtractJob,
  folders: Set<string>,
  folder: string,
): Promise<void> => {
  const { disk, target } = job;
  const root = bytePath(target.staged);
  if (target.type !== 'files' || folder === root || folders.has(folder)) return;
  await makeFolders(job, folders, dirname(folder));
  await disk.mkdir(bytesOf(folder), { mode: 0o700 });
  folders.add(folder);
};

/** A page of most disks: a hole can't be smaller. */
const HOLE_BYTES = 4096;
const ZEROS = Buffer.alloc(HOLE_BYTES);

/** Writes what is not a run of zeros, at its place. */
const writeAround = async (handle: FileHandle, part: Buffer, position: number): Promise<void> => {
  for (let at = 0; at < part.length; ) {
    const isHole = (from: number) =>
      part
        .subarray(from, from + HOLE_BYTES)
        .equals(ZEROS.subarray(0, Math.min(HOLE_BYTES, part.length - from)));
    let end = at;
    while (end < part.length && !isHole(end)) end += HOLE_BYTES;
    end = Math.min(end, part.length);
    for (let from = at; from < end; ) {
      const { bytesWritten } = await handle.write(part, from, end - from, position + from);
      from += bytesWritten;
    }
    at = end;
    while (at < part.length && isHole(at)) at += HOLE_BYTES;
  }
};

/** Mode, owner and time of what is open; a program of another user's rights is none where it can't be theirs. */
const dress = async (job: ExtractJob, handle: FileHandle, line: ManifestFile): Promise<void> => {
  if (job.ownerOf !== null) {
    const { uid, gid } = job.ownerOf(line);
    await handle.chown(uid, gid);
  }
  const isGiven = job.ownerOf !== null || (line.uid === undefined && line.gid === undefined);
  await handle.chmod(isGiven ? line.mode : line.mode & 0o1777);
  const time = timeToSet(line.mtime);
  await handle.utimes(time, time);
};

const extractFile = async (job: ExtractJob, { line, entry }: BackupFile): Promise<void> => {
  const { backup, disk, signal } = job;
  const path = bytesOf(placeOf(job, line));
  const handle = await disk.open(path, EXCLUSIVE, 0o600);
  try {
    const digest: EntryDigest = { sha256: '' };
    let written = 0;
    for await (const part of readEntry(backup, entry, digest, signal)) {
      if (line.allocated === undefined) await handle.writeFile(part);
      else await writeAround(handle, part, written);
      written += part.length;
    }
    if (line.allocated !== undefined) await handle.truncate(written);
    // Verified a moment ago; the file may have been changed under us since.
    if (digest.sha256 !== line.sha256)
      refuse(backup.file, 11, 'it changed between its check and its restore', line.path);
    await dress(job, handle, line);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Lines of files that have further names, by path. Where a part is restored, the first of them may not be in it. */
const firstNames = (files: BackupFiles): ReadonlyMap<string, ManifestFile> => {
  const firsts = new Map<string, ManifestFile>();
  const wanted = new Set<string>();
  for (const { line } of files) if (line.sameAs !== undefined) wanted.add(line.sameAs);
  if (wanted.size > 0)
    for (const { line } of files)
      if (line.sameAs === undefined && wanted.has(line.path)) firsts.set(line.path, line);
  return firsts;
};

/** Further names of files that are there: the reader has seen that each has the content of the first. */
const makeNames = async (
  job: ExtractJob,
  lines: readonly ManifestFile[],
  firsts: ReadonlyMap<string, ManifestFile>,
): Promise<void> => {
  for (const line of lines) {
    const first = firsts.get(line.sameAs ?? '');
    if (first !== undefined)
      await job.disk.link(bytesOf(placeOf(job, first)), bytesOf(placeOf(job, line)));
  }
};

/** Empty folders, then links: last, so that nothing is ever written through one. */
const makeOthers = async (job: ExtractJob, folders: Set<string>): Promise<void> => {
  const { backup, disk, target } = job;
  const own: Exclude<ManifestEntry, ManifestFile>[] = [];
  for (const line of backup.manifest.entries)
    if (line.type !== 'file' && line.path.startsWith(`${target.name}/`)) own.push(line);
  for (const line of own) {
    await makeFolders(job, folders, dirname(placeOf(job, line)));
    if (line.type === 'dir') await makeFolders(job, folders, placeOf(job, line));
  }
  for (const line of own)
    if (line.type === 'link') {
      const path = bytesOf(placeOf(job, line));
      await disk.symlink(line.target, path);
      if (job.ownerOf !== null) {
        const { uid, gid } = job.ownerOf(line);
        const isOurs = uid === process.geteuid?.() && gid === process.getegid?.();
        if (!isOurs) await disk.lchown(path, uid, gid);
      }
    }
};

/** What a folder looks like. */
type FolderLine = OwnedLine & { readonly mode: number };

/** Owner, mode and names of a folder, all of them durable; Windows knows no owner, and has no fsync of a folder. */
const finishFolder = async (
  { disk, ownerOf: ownerFor }: ExtractJob,
  folder: Buffer,
  line: FolderLine,
): Promise<void> => {
  if (process.platform === 'win32') return disk.chmod(folder, line.mode);
  // One handle for all: a mode may say that the folder can't be opened any more.
  const handle = await disk.open(folder, 'r');
  try {
    if (ownerFor !== null) {
      const { uid, gid } = ownerFor(line);
      await handle.chown(uid, gid);
    }
    await handle.chmod(line.mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Modes and durability of folders, the deepest first; then of the folders around the staged data. */
const finishFolders = async (job: ExtractJob, folders: Set<string>): Promise<void> => {
  const { backup, disk, target } = job;
  const root = bytePath(target.staged);
  const looks = folderLooks(backup.manifest, target.name);
  for (const folder of [...folders].sort((a, b) => b.length - a.length))
    await finishFolder(
      job,
      bytesOf(folder),
      looks.get(folder.slice(root.length + 1)) ?? { mode: DEFAULT_FOLDER_MODE },
    );
  const around = [
    dirname(target.staged),
    dirname(target.previous),
    dirname(dirname(target.staged)),
    target.work,
    dirname(target.work),
  ];
  for (const folder of around) await syncFolder(disk, folder);
};

const inParallel = async <T>(
  items: Iterable<T>,
  count: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const coming = items[Symbol.iterator]();
  let failure: { error: unknown } | undefined;
  const run = async () => {
    while (failure === undefined) {
      const next = coming.next();
      if (next.done === true) return;
      await work(next.value).catch((error: unknown) => {
        failure ??= { error };
      });
    }
  };
  await Promise.all(Array.from({ length: count }, run));
  if (failure !== undefined) throw failure.error;
};
