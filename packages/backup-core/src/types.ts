import type { Disk } from './disk.ts';

/** Something live that a backup holds and a restore puts back. */
export interface DataSource {
  /** First component of its entries: `[a-z0-9][a-z0-9_-]{0,40}`. */
  readonly name: string;
  readonly type: 'files' | 'sqlite';
  /** Absolute: a folder for `files`, the database file for `sqlite`. */
  readonly path: string;
  /** Globs relative to `path`; without them every file is taken. `files` only. */
  readonly include?: readonly string[];
  /** Globs relative to `path`; what matches is left out, and a folder that matches with all in it. `files` only. */
  readonly exclude?: readonly string[];
}

/** How far something has come. Bytes are plain bytes of the data. */
export interface Progress {
  readonly phase: 'copy' | 'write' | 'verify' | 'stage';
  readonly bytes: number;
  readonly totalBytes: number;
  readonly entries: number;
  readonly totalEntries: number;
  /** What is being worked on: an entry's path, or a source's name while its database is copied. */
  readonly entry: string;
}

/** Who makes the backup, for its manifest. */
export interface ToolStamp {
  readonly name: string;
  readonly version: string;
}

/** Taken by everything that changes the disk; left out, it is the real one. */
export interface DiskOption {
  readonly disk?: Disk;
}
