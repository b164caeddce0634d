import { constants } from 'node:fs';
import { dirname } from 'node:path';
import { type BackupFile, filesOfSource } from '../backup-files.ts';
import { type Disk, syncFolder } from '../disk.ts';
import type { ManifestEntry, ManifestFile } from '../manifest.ts';
import type { OpenBackup } from '../read-backup.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { truePath } from '../stored-path.ts';
import { type EntryDigest, readEntry } from '../zip/read-entry.ts';
import { refuse } from '../zip/read-structure.ts';
import { type Owner, ownerOf } from './live-owner.ts';
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
  readonly owner: Owner | null;
}

/**
 * Extracts one source of a verified backup to `target.staged`; durable when it returns. Run by root, it gives all
 * of it to the owner of what is live.
 */
export const extractSource = async (source: SourceJob): Promise<void> => {
  const { backup, disk, target } = source;
  const job = { ...source, owner: await ownerOf(target.live) };
  await disk.mkdir(dirname(target.staged), { mode: 0o700, recursive: true });
  await disk.mkdir(dirname(target.previous), { mode: 0o700, recursive: true });
  const folders = new Set<string>();
  if (target.type === 'files') {
    await disk.mkdir(target.staged, { mode: 0o700 });
    folders.add(bytePath(target.staged));
  }
  const own = filesOfSource(backup.files, target.name);
  for (const { line } of own) await makeFolders(job, folders, dirname(placeOf(job, line)));
  await inParallel(own, PARALLEL, async (one) => {
    job.signal?.throwIfAborted();
    await extractFile(job, one);
    job.report(one.line.path, one.line.size);
  });
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

const extractFile = async (job: ExtractJob, { line, entry }: BackupFile): Promise<void> => {
  const { backup, disk, signal } = job;
  const path = bytesOf(placeOf(job, line));
  const handle = await disk.open(path, EXCLUSIVE, 0o600);
  try {
    const digest: EntryDigest = { sha256: '' };
    for await (const part of readEntry(backup, entry, digest, signal)) await handle.writeFile(part);
    // Verified a moment ago; the file may have been changed under us since.
    if (digest.sha256 !== line.sha256)
      refuse(backup.file, 11, 'it changed between its check and its restore', line.path);
    const seconds = Date.parse(line.mtime) / 1000;
    if (job.owner !== null) await handle.chown(job.owner.uid, job.owner.gid);
    await handle.chmod(line.mode);
    await handle.utimes(seconds, seconds);
    await handle.sync();
  } finally {
    await handle.close();
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
      if (job.owner !== null) await disk.lchown(path, job.owner.uid, job.owner.gid);
    }
};

/** Owner, mode and names of a folder, all of them durable; Windows knows no owner, and has no fsync of a folder. */
const finishFolder = async (
  { disk, owner }: ExtractJob,
  folder: Buffer,
  mode: number,
): Promise<void> => {
  if (process.platform === 'win32') return disk.chmod(folder, mode);
  // One handle for all: a mode may say that the folder can't be opened any more.
  const handle = await disk.open(folder, 'r');
  try {
    if (owner !== null) await handle.chown(owner.uid, owner.gid);
    await handle.chmod(mode);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Modes and durability of folders, the deepest first; then of the folders around the staged data. */
const finishFolders = async (job: ExtractJob, folders: Set<string>): Promise<void> => {
  const { backup, disk, target } = job;
  const root = bytePath(target.staged);
  const source = backup.manifest.sources.find(({ name }) => name === target.name);
  const modes = new Map(Object.entries(source?.folderModes ?? {}));
  for (const line of backup.manifest.entries)
    if (line.type === 'dir' && line.path.startsWith(`${target.name}/`))
      modes.set(placeOf(job, line).slice(root.length + 1), line.mode);
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    const inside = folder.slice(root.length + 1);
    const mode = modes.get(inside) ?? modes.get(shownPath(inside)) ?? DEFAULT_FOLDER_MODE;
    await finishFolder(job, bytesOf(folder), mode);
  }
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
