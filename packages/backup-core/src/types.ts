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
  readonly env?: ProgramVariables;
}

/** Variables of the programs that read and write a source, beside those of this process; `undefined` takes one away. */
export type ProgramVariables = Readonly<Record<string, string | undefined>>;

/** A text runs through the shell, a list as it stands. Anyone on the machine can see it: nothing secret. */
export type CommandLine = string | readonly string[];

/** Data that a program writes to its standard output, and that another takes back from its standard input. */
export interface CommandSource {
  readonly name: string;
  readonly type: 'command';
  /** Writes all of the data. A non-zero exit, a signal or no output at all is a failure. */
  readonly dump: CommandLine;
  /** Makes what it reads the data, in place of what is there. May run again on the same input. */
  readonly load: CommandLine;
  /** Reads a dump, and exits with non-zero where it is not a sound one. */
  readonly verify?: CommandLine;
  /** Folder for the dumps of a restore, with room for two. Absolute; must exist. */
  readonly folder: string;
  /** Where the commands run. Default: where this process does. */
  readonly cwd?: string;
  /** Longest run of each, ms. */
  readonly timeoutMs?: number;
  readonly env?: ProgramVariables;
}

/**
 * Data of which somebody else keeps snapshots (a filesystem, a cloud, a cluster): a backup holds the reference that
 * `create` prints as its last line. The other commands get it as `ROLLOUT_SNAPSHOT`; each is a list, and no shell reads it.
 */
export interface ExternalSource {
  readonly name: string;
  readonly type: 'external';
  readonly create: readonly string[];
  /** Exits with non-zero where the snapshot is not sound. Without it, nothing is verified. */
  readonly verify?: readonly string[];
  /** Makes the snapshot the data. May run again. */
  readonly restore: readonly string[];
  /** Removes a snapshot whose backup is removed. */
  readonly delete?: readonly string[];
  /** Folder for the references of a restore. Absolute; must exist. */
  readonly folder: string;
  /** Where the commands run. Default: where this process does. */
  readonly cwd?: string;
  /** Longest run of each, ms. */
  readonly timeoutMs?: number;
  readonly env?: ProgramVariables;
  /** A file that holds the reference of a snapshot made before: nothing is made then. */
  readonly kept?: string;
}

/** Something live that a backup holds and a restore puts back. */
export type DataSource =
  | FilesSource
  | SqliteSource
  | PostgresSource
  | CommandSource
  | ExternalSource;

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

/** What a rescue script is told. No secrets in what it prints: it is copied about. */
export interface RescueHints {
  /** How the service is stopped, as text for people: it is printed, and not run. */
  readonly stop?: string;
  /** How it is started, likewise. */
  readonly start?: string;
  /** What may not stand in the script: the commands of a `command` source that hold one are left to people. None empty. */
  readonly secrets?: readonly string[];
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
