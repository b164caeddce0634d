import { BackupError } from './errors.ts';
import { contentRootOf, type Manifest } from './manifest.ts';
import { type OpenBackup, openBackup } from './read-backup.ts';
import { shownManifest } from './shown-manifest.ts';
import { hashFile, readSidecar } from './sidecar.ts';
import type { Progress } from './types.ts';
import { type EntryDigest, readEntry } from './zip/read-entry.ts';
import { refuse } from './zip/read-structure.ts';

export interface VerifyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A backup that passed every check. */
export interface VerifiedBackup {
  readonly file: string;
  /** SHA-256 (hex) of the zip, as in its sidecar. */
  readonly sha256: string;
  readonly manifest: Manifest;
  /** Files in it, the manifest not counted. */
  readonly entries: number;
  /** Size of the zip. */
  readonly bytes: number;
}

/**
 * Checks a backup in full: sidecar, structure, manifest, every CRC and every SHA-256, and that it is complete.
 * Its name does not matter. Nothing is written.
 *
 * @throws BackupError `not-found`, `unreadable`, `bad-sidecar`, `sidecar-mismatch`, `bad-archive`, `bad-manifest`, `not-restorable`
 */
export const verifyBackup = async (
  file: string,
  options: VerifyOptions = {},
): Promise<VerifiedBackup> => openBackup(file, (backup) => verifyOpen(backup, options));

/** The same for a backup that is open already. */
export const verifyOpen = async (
  backup: OpenBackup,
  { signal, onProgress }: VerifyOptions,
): Promise<VerifiedBackup> => {
  const { bytes, file, files, manifest } = backup;
  const sha256 = await checkSidecar(file, signal);
  let done = 0;
  let checked = 0;
  for (const { line, entry } of files) {
    const digest: EntryDigest = { sha256: '' };
    for await (const part of readEntry(backup, entry, digest, signal)) done += part.length;
    if (digest.sha256 !== line.sha256)
      refuse(file, 11, "its SHA-256 is not the manifest's", line.path);
    checked += 1;
    onProgress?.({
      phase: 'verify',
      bytes: done,
      totalBytes: manifest.totalBytes,
      entries: checked,
      totalEntries: files.length,
      entry: line.path,
    });
  }
  if (contentRootOf(manifest.entries) !== manifest.contentRoot)
    refuse(file, 13, "its manifest's content root does not belong to its files");
  if (!manifest.complete || manifest.incomplete.length > 0)
    throw new BackupError(
      'not-restorable',
      `${file} is not a complete backup; it lacks: ${manifest.incomplete.slice(0, 5).join('; ')}`,
      { file, problems: manifest.incomplete },
    );
  return { file, sha256, manifest: shownManifest(manifest), entries: files.length, bytes };
};

const checkSidecar = async (file: string, signal: AbortSignal | undefined): Promise<string> => {
  const expected = await readSidecar(file);
  const actual = await hashFile(file, signal);
  if (actual !== expected)
    throw new BackupError(
      'sidecar-mismatch',
      `${file} is not what its sidecar describes: SHA-256 ${actual}, expected ${expected}. It was changed, cut off or exchanged`,
      { file },
    );
  return expected;
};

/** The manifest of a backup whose structure holds; its data is not checked. @throws BackupError */
export const readManifest = (file: string): Promise<Manifest> =>
  openBackup(file, async ({ manifest }) => shownManifest(manifest));
