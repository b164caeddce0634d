import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { lstat, rmdir, statfs } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { filesWhere } from '../backup-files.ts';
import { type Disk, realDisk, syncFolder } from '../disk.ts';
import { BackupError, systemCode, throwUnreadable, throwUnwritable } from '../errors.ts';
import type { Manifest, ManifestEntry, ManifestSource } from '../manifest.ts';
import { megabytes } from '../megabytes.ts';
import { type OpenBackup, openBackup } from '../read-backup.ts';
import { shownManifest } from '../shown-manifest.ts';
import { type BytePath, bytePath } from '../source/byte-path.ts';
import { truePath } from '../stored-path.ts';
import { sweepDead } from '../sweep-dead.ts';
import { lineTable } from '../table/line-table.ts';
import type { DiskOption, Progress } from '../types.ts';
import { verifyOpen } from '../verify-backup.ts';
import { extractSource } from './extract.ts';
import { pathTarget } from './staged-target.ts';
import { discardWork } from './swap.ts';

export interface RestorePartOptions extends DiskOption {
  /** A source, or a folder or file in it: `images`, `images/cards`, `images/cards/ace.json`. */
  readonly only: string;
  /** Folder that gets it, under its last name; made (0700) where it is missing. Absolute. */
  readonly to: string;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What was brought back. */
export interface RestoredPart {
  /** Where it lies now. Absolute. */
  readonly path: string;
  readonly files: number;
  /** Plain bytes. */
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Brings one source, folder or file of a backup back into a folder, beside whatever is live. The whole backup is
 * verified before anything is written, each file again while it is; what was asked for appears by one rename.
 *
 * @throws BackupError as `verifyBackup`, and `bad-option`, `not-found` (the backup holds no such thing),
 * `swap-conflict` (the folder holds it already), `no-space`, `write-failed`; nothing is left behind in any of these cases
 */
export const restorePart = async (
  file: string,
  { only, to, disk = realDisk, signal, onProgress }: RestorePartOptions,
): Promise<RestoredPart> => {
  if (!isAbsolute(to)) throw new BackupError('bad-option', `"to" is not absolute: ${to}`);
  return openBackup(file, async (backup) => {
    const part = choose(backup, only);
    const path = join(to, part.name);
    await refuseExisting(path);
    await verifyOpen(backup, { signal, onProgress });
    await checkSpace(to, part.bytes, only);
    const made = await disk.mkdir(to, { mode: 0o700, recursive: true }).catch(throwUnwritable(to));
    const firstMade = typeof made === 'string' ? made : null;
    await sweepDead(disk, to, WORK);
    const id = `only-${process.pid}-${randomBytes(6).toString('hex')}`;
    const { name, type } = part.source;
    // A dump is one file, like a database.
    const place = type === 'files' ? type : 'sqlite';
    const target = pathTarget({ name, type: place, path: join(to, part.name) }, id);
    let isThere = false;
    try {
      await extractSource({
        backup: part.backup,
        target,
        disk,
        signal,
        report: reporter(part, onProgress),
      });
      signal?.throwIfAborted();
      await moveIn(disk, join(target.staged, ...part.inside), path);
      isThere = true;
    } catch (error) {
      return throwUnwritable(to)(error);
    } finally {
      await discardWork([target], { disk });
      if (!isThere && firstMade !== null) await removeEmpty(to, firstMade);
    }
    return {
      path,
      files: part.backup.files.length,
      bytes: part.bytes,
      manifest: shownManifest(backup.manifest),
    };
  });
};

interface Part {
  readonly source: ManifestSource;
  /** Path below the source's own folder. */
  readonly inside: readonly string[];
  /** What it is called where it goes to. */
  readonly name: string;
  /** The backup, as if it held nothing else. */
  readonly backup: OpenBackup;
  readonly bytes: number;
}

const choose = (backup: OpenBackup, only: string): Part => {
  const { file, manifest } = backup;
  const [sourceName = '', ...rest] = only.replace(/\/+$/, '').split('/');
  const source = manifest.sources.find(({ name }) => name === sourceName);
  if (source === undefined)
    throw new BackupError(
      'not-found',
      `${file} holds no source "${sourceName}"; it holds ${manifest.sources.map(({ name }) => name).join(', ')}`,
      { file },
    );
  const wanted = bytePath(rest.join('/'));
  const placeOf = (line: ManifestEntry): BytePath | null => {
    const place = truePath(sourceName, line);
    return 'problem' in place ? null : place.path;
  };
  const isWanted = (line: ManifestEntry): boolean => {
    const place = placeOf(line);
    return place !== null && (wanted === '' || place === wanted || place.startsWith(`${wanted}/`));
  };
  const entries = lineTable();
  for (const line of manifest.entries) if (isWanted(line)) entries.push(line);
  if (entries.length === 0 && (wanted !== '' || source.type !== 'files'))
    throw new BackupError('not-found', `${file} holds no ${only}`, { file, entry: only });
  const files = filesWhere(backup.files, isWanted);
  let bytes = 0;
  for (const { line } of files) bytes += line.size;
  const ownFile = source.type === 'files' || files.length === 0 ? undefined : files.at(0).line;
  return {
    source,
    // A database is one file, and is staged under no folder of its own.
    inside: source.type === 'files' ? rest : [],
    name:
      ownFile === undefined
        ? (rest.at(-1) ?? sourceName)
        : basename(placeOf(ownFile) ?? sourceName),
    backup: { ...backup, files, manifest: { ...manifest, entries } },
    bytes,
  };
};

const refuseExisting = async (path: string): Promise<void> => {
  try {
    await lstat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    return throwUnreadable(dirname(path))(error);
  }
  throw new BackupError(
    'swap-conflict',
    `${path} is there already: name another folder, or move it away. Nothing was written`,
    { file: path },
  );
};

/** Some room is left for everything else that lives on the filesystem. */
const USABLE_SHARE = 0.9;

const nearestExisting = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));

const checkSpace = async (to: string, bytes: number, only: string): Promise<void> => {
  const { bavail, bsize } = await statfs(nearestExisting(to));
  const free = Math.floor(bavail * bsize * USABLE_SHARE);
  if (bytes > free)
    throw new BackupError(
      'no-space',
      `restoring ${only} to ${to} needs ${megabytes(bytes)}, ${megabytes(free)} can be used there; nothing was written`,
      { file: to },
    );
};

const reporter = (part: Part, onProgress: RestorePartOptions['onProgress']) => {
  let bytes = 0;
  let entries = 0;
  return (entry: string, size: number): void => {
    bytes += size;
    entries += 1;
    const totalEntries = part.backup.files.length;
    onProgress?.({ phase: 'stage', bytes, totalBytes: part.bytes, entries, totalEntries, entry });
  };
};

/** A file by `link`, which never replaces a name; a folder or a link by rename, onto a name seen to be free. */
const moveIn = async (disk: Disk, staged: string, path: string): Promise<void> => {
  if ((await lstat(staged)).isFile()) await disk.link(staged, path);
  else {
    await refuseExisting(path);
    await disk.rename(staged, path);
  }
  await syncFolder(disk, dirname(path));
};

/** A restore into the same folder may have been killed. */
const WORK = /^\.dhash-restore-only-(\d+)-[0-9a-f]{12}$/;

/** Takes back folders that were made for this, as far as nobody put anything into them. */
const removeEmpty = async (folder: string, first: string): Promise<void> => {
  for (let path = folder; path.length >= first.length; path = dirname(path)) {
    try {
      await rmdir(path);
    } catch (error) {
      if (['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes(systemCode(error) ?? '')) return;
      throw error;
    }
  }
};
