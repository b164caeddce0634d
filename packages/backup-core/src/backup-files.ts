import type { ManifestFile } from './manifest.ts';
import type { EntryTable } from './table/entry-table.ts';
import type { LineTable } from './table/line-table.ts';
import type { ArchiveEntry } from './zip/read-archive.ts';

/** A file of a backup: its line in the manifest, and its entry in the archive. */
export interface BackupFile {
  readonly line: ManifestFile;
  readonly entry: ArchiveEntry;
}

/** Files of a backup, of which none is an object before it is asked for. */
export interface BackupFiles extends Iterable<BackupFile> {
  readonly length: number;
  /** @throws RangeError where there is no such row */
  at(row: number): BackupFile;
}

/** @param rows the line of each entry in turn */
export const backupFiles = (
  lines: LineTable,
  rows: readonly number[],
  entries: EntryTable,
): BackupFiles => {
  const at = (row: number): BackupFile => {
    const line = lines.at(rows[row] ?? -1);
    if (line.type !== 'file') throw new TypeError(`row ${row} is no file`);
    return { line, entry: entries.at(row) };
  };
  return {
    length: rows.length,
    at,
    *[Symbol.iterator]() {
      for (let row = 0; row < rows.length; row++) yield at(row);
    },
  };
};

/** Those of the files that a line is wanted of. */
export const filesWhere = (
  files: BackupFiles,
  isWanted: (line: ManifestFile) => boolean,
): BackupFiles => {
  const rows: number[] = [];
  for (let row = 0; row < files.length; row++) if (isWanted(files.at(row).line)) rows.push(row);
  return {
    length: rows.length,
    at: (row) => files.at(rows[row] ?? -1),
    *[Symbol.iterator]() {
      for (const row of rows) yield files.at(row);
    },
  };
};

export const filesOfSource = (files: BackupFiles, source: string): BackupFiles =>
  filesWhere(files, ({ path }) => path.startsWith(`${source}/`));

/** The file of a source that has one. */
export const onlyFileOf = (files: BackupFiles, source: string): BackupFile | null => {
  for (const file of files) if (file.line.path.startsWith(`${source}/`)) return file;
  return null;
};
