import { readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { nextBackupTime, parseBackupName, renderBackupName } from './backup-name.ts';
import { type Disk, makeFolder, syncFolder } from './disk.ts';
import { systemCode } from './errors.ts';
import { writeNewFile } from './replace-file.ts';
import { rescueNameOf } from './rescue/render-rescue.ts';
import { renderSidecar, SIDECAR_SUFFIX } from './sidecar.ts';
import { workName } from './work-files.ts';

const INCOMPLETE_PREFIX = 'incomplete_';
const SECOND_MS = 1000;

/** A finished archive under its working name, and what its real name is made of. */
export interface FinishedArchive {
  readonly disk: Disk;
  /** Folder of the backups; must exist. */
  readonly dir: string;
  /** Folder that the sidecar's path is relative to. */
  readonly root: string;
  /** The archive, fsynced, on the same filesystem as `dir`. */
  readonly part: string;
  readonly sha256: string;
  readonly env: string;
  readonly tag: string | null;
  readonly nowMs: number;
  /** Text of the rescue script, given the zip's name; none for what is no backup to go back to. */
  readonly rescue?: (zip: string) => Iterable<string>;
}

export interface Published {
  readonly file: string;
  readonly sidecar: string;
  readonly atMs: number;
}

/** `link` never replaces a name. Returns whether the name was free. */
const linkIfFree = async (disk: Disk, existing: string, name: string): Promise<boolean> => {
  try {
    await disk.link(existing, name);
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw error;
  }
};

interface BesideFile {
  readonly name: string;
  readonly text: Iterable<string>;
  readonly mode: number;
}

/** What lies beside a zip that has its name. */
const besideFiles = ({ root, sha256, rescue }: FinishedArchive, file: string): BesideFile[] => [
  { name: `${file}${SIDECAR_SUFFIX}`, text: [renderSidecar(sha256, root, file)], mode: 0o600 },
  ...(rescue === undefined
    ? []
    : [{ name: rescueNameOf(file), text: rescue(basename(file)), mode: 0o700 }]),
];

/** Sidecar and rescue script first, then the zip, then the folder: whoever sees the zip has all of it, and them. */
const publishSet = async (archive: FinishedArchive, file: string): Promise<boolean> => {
  const { dir, disk, part } = archive;
  const parts: string[] = [];
  const linked: string[] = [];
  let isPublished = false;
  try {
    for (const { name, text, mode } of besideFiles(archive, file)) {
      const besidePart = join(dir, workName('beside'));
      parts.push(besidePart);
      await writeNewFile(disk, besidePart, text, mode);
      if (!(await linkIfFree(disk, besidePart, name))) return false;
      linked.push(name);
    }
    isPublished = await linkIfFree(disk, part, file);
    return isPublished;
  } finally {
    if (!isPublished) for (const name of linked) await disk.unlink(name);
    for (const besidePart of parts) await disk.rm(besidePart, { recursive: false, force: true });
  }
};

/** Times of all backups in a folder, ms. */
export const backupTimes = async (dir: string): Promise<number[]> => {
  const names = await readdir(dir).catch((error: unknown) => {
    if (systemCode(error) === 'ENOENT') return [];
    throw error;
  });
  return names.flatMap((name) => parseBackupName(name)?.atMs ?? []);
};

/**
 * Gives a complete backup its name.
 *
 * @throws BackupError `clock-set-back`
 */
export const publishBackup = async (archive: FinishedArchive): Promise<Published> => {
  const { dir, disk, env, tag, nowMs } = archive;
  const lost: number[] = [];
  for (;;) {
    const atMs = nextBackupTime(nowMs, [...(await backupTimes(dir)), ...lost], dir);
    const file = join(dir, renderBackupName(atMs, env, tag));
    if (await publishSet(archive, file)) {
      await disk.unlink(archive.part);
      await syncFolder(disk, dir);
      return { file, sidecar: `${file}${SIDECAR_SUFFIX}`, atMs };
    }
    // Someone took this second between the listing and the link.
    lost.push(atMs);
  }
};

/**
 * Puts a backup that lacks something into `incomplete/`, with the list of what it lacks beside it. Its name
 * is never one that a backup could have.
 */
export const publishIncomplete = async (
  archive: FinishedArchive,
  missing: readonly string[],
): Promise<Published> => {
  const { disk, env, tag, nowMs } = archive;
  const folder = join(archive.dir, 'incomplete');
  await makeFolder(disk, folder);
  for (let atMs = Math.floor(nowMs / SECOND_MS) * SECOND_MS; ; atMs += SECOND_MS) {
    const name = renderBackupName(atMs, env, tag).replace(/^dhash_/, INCOMPLETE_PREFIX);
    const file = join(folder, name);
    if (!(await publishSet(archive, file))) continue;
    await writeNewFile(disk, `${file}.txt`, [`${missing.join('\n')}\n`]);
    await disk.unlink(archive.part);
    await syncFolder(disk, folder);
    return { file, sidecar: `${file}${SIDECAR_SUFFIX}`, atMs };
  }
};
