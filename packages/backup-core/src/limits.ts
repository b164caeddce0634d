import { BackupError } from './errors.ts';

/** Bounds of the format. The reader refuses what is over them, so the writer must not publish it. */
export interface FormatLimits {
  /** Entries of an archive, the manifest counted. */
  readonly maxEntries: number;
  /** Size of the manifest, not packed: about 300 bytes for a file, and 190 for each MiB of one that is deflated in chunks. */
  readonly maxManifestBytes: number;
}

/** Checked by the reader before anything is allocated for what a file announces. */
export const FORMAT_LIMITS: FormatLimits = {
  maxEntries: 1_000_000,
  maxManifestBytes: 256 * 2 ** 20,
};

const SMALLER =
  'Leave something out with "exclude", pack many small files into few, or back the data up as several services, each with sources and a folder of its own. No backup was changed or added';

const refuse = (dir: string, what: string): never => {
  throw new BackupError(
    'source-refused',
    `no backup was made in ${dir}: ${what}, and it could not be restored. ${SMALLER}`,
    { file: dir },
  );
};

/** @throws BackupError `source-refused` where so many files make no backup that could be read. */
export const checkEntryCount = (dir: string, files: number, { maxEntries }: FormatLimits): void => {
  if (files + 1 > maxEntries)
    refuse(dir, `the data has ${files} files; a backup holds at most ${maxEntries - 1}`);
};

/** @throws BackupError `source-refused` where so large a manifest makes no backup that could be read. */
export const checkManifestBytes = (
  dir: string,
  bytes: number,
  { maxManifestBytes }: FormatLimits,
): void => {
  if (bytes > maxManifestBytes)
    refuse(
      dir,
      `its manifest would have ${bytes} bytes, for names and digests of all files; it can have at most ${maxManifestBytes}`,
    );
};
