import type { Disk } from './disk.ts';

/** A folder of files. */
export interface FilesSource {
  /** First component of its entries: `[a-z0-9][a-z0-9_-]{0,40}`. */
  readonly name: string;
  readonly type: 'files';
  /** The folder. Absolute. */
  readonly path: string;
  /** Globs relative to `path`; without them every file is taken. */
  readonly include?: readonly string[];
  /** Globs relative to `path`; what matches is left out, and a folder that matches with all in it. */
  readonly exclude?: readonly string[];
}

/** A SQLite database, copied consistently while it is written. */
export interface SqliteSource {
  readonly name: string;
  readonly type: 'sqlite';
  /** The database file. Absolute. */
  readonly path: string;
}

/** A PostgreSQL database, dumped while it is written. Needs psql, pg_dump and pg_restore on PATH. */
export interface PostgresSource {
  readonly name: string;
  readonly type: 'postgres';
  /** `postgresql://user:password@host:port/database`: secret; it reaches no argument, manifest or error. */
  readonly url: string;
  /** Another database of the same server than the one that `url` names. */
  readonly database?: string;
}

/** Something live that a backup holds and a restore puts back. */
export type DataSource = FilesSource | SqliteSource | PostgresSource;

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

/** What a rescue script prints of the service, as text for people; it runs none of it. No secrets: it is copied about. */
export interface RescueHints {
  /** How the service is stopped. */
  readonly stop?: string;
  /** How it is started. */
  readonly start?: string;
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
