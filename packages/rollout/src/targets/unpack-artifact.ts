import {
  chmod,
  cp,
  lstat,
  mkdir,
  readdir,
  readFile,
  readlink,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import JSZip from 'jszip';
import { extract, list } from 'tar';
import { type ArchiveEntry, unsafeEntries } from './archive-entries.ts';
import type { Artifact } from './artifacts.ts';
import { TargetError } from './types.ts';

/** Permission bits of a zip entry that names none. */
const fileMode = 0o644;
const linkType = 0o120000;
const typeMask = 0o170000;

const refuseUnsafe = (path: string, entries: readonly ArchiveEntry[]): void => {
  const unsafe = unsafeEntries(entries);
  if (unsafe.length === 0) return;
  throw new TargetError(
    'unsafe-archive',
    `${path} is refused, nothing of it was unpacked: ${unsafe.slice(0, 5).join('; ')}${unsafe.length > 5 ? `; and ${unsafe.length - 5} more` : ''}`,
  );
};

const badArchive = (path: string, cause: unknown): TargetError =>
  cause instanceof TargetError
    ? cause
    : new TargetError(
        'bad-archive',
        `${path} cannot be unpacked: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );

const tarTypes: Record<string, ArchiveEntry['type']> = {
  File: 'file',
  OldFile: 'file',
  ContiguousFile: 'file',
  Directory: 'folder',
  SymbolicLink: 'link',
  Link: 'hard-link',
};

const unpackTar = async (file: string, into: string): Promise<void> => {
  const entries: ArchiveEntry[] = [];
  await list({
    file,
    strict: true,
    onReadEntry: ({ path, type, linkpath }) => {
      entries.push({ path, type: tarTypes[type] ?? 'other', to: linkpath ?? null });
    },
  });
  refuseUnsafe(file, entries);
  await mkdir(into, { recursive: true });
  await extract({ file, cwd: into, strict: true });
};

const unpackZip = async (file: string, into: string): Promise<void> => {
  // An artifact is a program, small enough for memory; data goes through the backup's own reader.
  const zip = await JSZip.loadAsync(await readFile(file), { checkCRC32: true });
  const parts = await Promise.all(
    Object.values(zip.files).map(async (entry) => {
      const mode = typeof entry.unixPermissions === 'number' ? entry.unixPermissions : null;
      const isLink = mode !== null && (mode & typeMask) === linkType;
      const type: ArchiveEntry['type'] = entry.dir ? 'folder' : isLink ? 'link' : 'file';
      const to = isLink ? await entry.async('string') : null;
      // JSZip cleans names without a word; what the archive really says is what counts.
      return { path: entry.unsafeOriginalName ?? entry.name, type, to, mode, entry };
    }),
  );
  refuseUnsafe(file, parts);
  await mkdir(into, { recursive: true });
  for (const { path, type, to, mode, entry } of parts) {
    const place = join(into, path);
    if (type === 'folder') {
      await mkdir(place, { recursive: true });
      continue;
    }
    await mkdir(dirname(place), { recursive: true });
    if (to !== null) {
      await symlink(to, place);
      continue;
    }
    await writeFile(place, await entry.async('nodebuffer'), { flag: 'wx' });
    await chmod(place, mode === null ? fileMode : mode & 0o777);
  }
};

/** A relative link that leads out of the folder would lead elsewhere from the copy: it becomes absolute. */
const mendLinks = async (from: string, into: string, below = '.'): Promise<void> => {
  for (const entry of await readdir(join(into, below), { withFileTypes: true })) {
    const path = join(below, entry.name);
    if (entry.isDirectory()) await mendLinks(from, into, path);
    if (!entry.isSymbolicLink()) continue;
    const to = await readlink(join(into, path));
    const target = resolve(dirname(join(from, path)), to);
    if (isAbsolute(to) || !relative(from, target).startsWith('..')) continue;
    await unlink(join(into, path));
    await symlink(target, join(into, path));
  }
};

const copyFolder = async (from: string, into: string): Promise<void> => {
  await cp(from, into, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await mendLinks(from, into);
  // Read-only folders of a build would keep us from laying the note and from pruning.
  await chmod(into, (await lstat(into)).mode | 0o700);
};

/**
 * Unpacks or copies an artifact into a folder that does not exist yet. An archive is looked through
 * first: one with an entry that leads out of the folder is refused whole.
 *
 * @throws {TargetError} `unsafe-archive`, `bad-archive`.
 */
export const unpackArtifact = async ({ path, kind }: Artifact, into: string): Promise<void> => {
  if (kind === 'folder') return copyFolder(path, into);
  try {
    await (kind === 'zip' ? unpackZip(path, into) : unpackTar(path, into));
  } catch (error) {
    throw badArchive(path, error);
  }
};
