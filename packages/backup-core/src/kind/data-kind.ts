import type { BigIntStats } from 'node:fs';
import type { BackupFile } from '../backup-files.ts';
import type { BackupJob } from '../backup-options.ts';
import type { Disk } from '../disk.ts';
import type { Manifest, ManifestSource } from '../manifest.ts';
import type { PreviousWork } from '../previous-backup.ts';
import type { Looked, PutBackJob } from '../put-back/obstacle.ts';
import type { OpenBackup } from '../read-backup.ts';
import type { CompareDataOptions } from '../restore/compare.ts';
import type { StagedTarget } from '../restore/staged-target.ts';
import type { BytePath } from '../source/byte-path.ts';
import type { SqliteFingerprint } from '../source/sqlite-fingerprint.ts';
import type { Owner } from '../stored-owner.ts';
import type { DataSource } from '../types.ts';

/** Something captured. `name` is its path inside the source. */
export type CapturedItem =
  | {
      readonly type: 'file';
      readonly name: BytePath;
      /** By the listing; the file may have changed since. */
      readonly size: number;
      /** Whose mode and time count, where that is not the file read: a database is read from a copy. */
      readonly statOf?: BigIntStats;
      /** Where it is what it was in the previous backup, and is to be taken from there. */
      readonly unchanged?: BackupFile;
    }
  | ({ readonly type: 'link'; readonly name: BytePath; readonly target: string } & Owner)
  | ({ readonly type: 'dir'; readonly name: BytePath; readonly mode: number } & Owner);

/** What a source was at one moment. */
export interface Captured {
  readonly items: Iterable<CapturedItem>;
  /** Where the file of this name is read. */
  readonly diskPath: (name: BytePath) => Buffer;
  /** Owner of the source's folder: told for all that has no other. Null where owners mean nothing. */
  readonly owner: Owner | null;
  /** What could not be read, each with its reason. */
  readonly unreadable: readonly string[];
  /** Facts for the manifest; where a copy has to be checked for them, that begins when they are asked for. */
  readonly facts: () => Promise<ManifestSource>;
  /** What a database was, where that can be told for sure. */
  readonly fingerprint?: SqliteFingerprint | null;
}

export interface CaptureJob extends Pick<BackupJob, 'disk' | 'signal' | 'onProgress'> {
  /** Makes an empty file (0600) for a copy that goes when the backup is done; returns its path. */
  readonly newCopy: (extension: string) => Promise<string>;
  readonly previous: PreviousWork;
}

/** What a source needs to be staged, swapped and removed. */
export interface RestoreContext {
  readonly disk: Disk;
  readonly signal: AbortSignal | undefined;
  /** The source as configured. @throws BackupError `bad-option` where the caller named none of that name */
  readonly sourceOf: (target: StagedTarget) => DataSource;
}

export interface StageJob extends RestoreContext {
  /**
   * Begins a check of what is staged, which changes nothing, beside the staging of what follows; all of it fails
   * where the check does.
   */
  readonly checkMeanwhile: (check: () => Promise<void>) => void;
  /** Verified. */
  readonly backup: OpenBackup;
  readonly report: (entry: string, bytes: number) => void;
}

/** What was found equal to the manifest, and what was not. */
export interface Proven {
  readonly problems: readonly string[];
  /** What is not as it was, and no reason to doubt the data: a mode, an owner, a time. */
  readonly notes?: readonly string[];
  readonly files: number;
  readonly bytes: number;
  /** Rows per table; null where the kind has none. */
  readonly tables: Readonly<Record<string, number>> | null;
}

/** Differences of one source from the manifest, files as `<source>/<path>`. */
export interface Compared {
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
  /** Rows per table then and now; null where the kind has none. */
  readonly tables: {
    readonly before: Readonly<Record<string, number>>;
    readonly after: Readonly<Record<string, number>>;
    /** Tables with as many rows as before, of which what is in them is known to differ. */
    readonly changed: readonly string[];
  } | null;
}

/**
 * One kind of data through its whole life. Methods, so that a kind of one sort of source and target stands in the
 * table of all kinds: only sources and targets of its own type are handed to it.
 */
export interface DataKind<S extends DataSource, T extends StagedTarget> {
  /**
   * Whether it is captured before the kinds that are not: a row that names a file was written after the file, so
   * the files that a database speaks of are there when they are listed later.
   */
  readonly isCapturedFirst: boolean;
  /** What is wrong with the options of a source beyond its name. Pure. */
  problems(source: S): string[];
  capture(source: S, job: CaptureJob): Promise<Captured>;
  /** What would keep it from being put back where it is live, now. What is tried is taken away again. */
  obstacles(source: S, job: PutBackJob): Promise<Looked>;
  /** Where it is put back, and where old and new lie meanwhile. Pure. */
  target(source: S, id: string): T;
  /** Brings the backup's data beside the live data, checked and durable. Nothing live is touched. */
  stage(target: T, job: StageJob): Promise<void>;
  /** Whether the swap has put live data aside. */
  isAside(target: T, context: RestoreContext): Promise<boolean>;
  /** Decides by what exists what is still to do: it is run again after a kill at any point. */
  swapIn(target: T, context: RestoreContext): Promise<void>;
  /** The reverse, of a swap that was cut off too. */
  swapBack(target: T, context: RestoreContext): Promise<void>;
  /** Removes what was staged and what was put aside. */
  discard(target: T, context: RestoreContext): Promise<void>;
  /** The live data, what was put aside, or what is staged, as a source. Whole: without filters. */
  asSource(
    target: T,
    which: 'live' | 'previous' | 'staged',
    context: Pick<RestoreContext, 'sourceOf'>,
  ): S;
  prove(source: S, manifest: Manifest, signal?: AbortSignal): Promise<Proven>;
  compare(
    source: S,
    recorded: ManifestSource,
    manifest: Manifest,
    options?: CompareDataOptions,
  ): Promise<Compared>;
}
