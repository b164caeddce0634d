import type { DataDifference, DataSource, Disk } from '../../src/index.ts';
import { faultyDisk } from '../support/faulty-disk.ts';

/** Live data of one kind, in a place of its own. */
export interface LiveData {
  readonly source: DataSource;
  /** The same, but nothing of it can be read. */
  readonly unreadable: DataSource;
  /** What it is now, seen by other means than the kind's own. */
  read(): Promise<unknown>;
  /** A change by the running service. */
  write(): Promise<void>;
  /** What a comparison with the backup says of that change; nothing, where the kind can't tell. */
  readonly written: DataDifference;
  /** Makes restored data other than it was backed up. */
  damage(): Promise<void>;
  /** What a proof says of that; `null`: only its own tool could tell, and the proof says so. */
  readonly finds: string | null;
  /** What restores left beside it. */
  leftovers(): Promise<readonly string[]>;
  /** Lets this many steps of a swap pass, and fails the next, as a kill would; `Infinity` lets all pass. */
  cutAfter(steps: number): Promise<Disk>;
}

/** A kind of data is held to the contract by one of these. `root`: an empty folder. */
export type MakeLiveData = (root: string) => Promise<LiveData>;

/** For kinds that are swapped on the disk: a step is a change of it. */
export const cutDisk = async (steps: number): Promise<Disk> =>
  faultyDisk((count, call) => {
    if (count > steps) throw new Error(`cut off before ${call}`);
  });

const none = { count: 0, names: [] };

/** A difference where it is not said to be none. */
export const difference = ({
  changed = none,
  tables = [],
}: Partial<DataDifference & DataDifference['files']> = {}): DataDifference => ({
  files: { added: none, changed, removed: none },
  tables,
});
