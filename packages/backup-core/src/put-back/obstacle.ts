import type { Disk } from '../disk.ts';
import type { OpenBackup } from '../read-backup.ts';
import type { PathTarget } from '../restore/staged-target.ts';

/** What stands in the way of putting data back. */
export type ObstacleKind =
  /** A mount point where one can't be kept: inside the data, or a file. */
  | 'mount-point'
  /** The place is on another disk than what would be put there. */
  | 'other-device'
  /** The user may not write there. */
  | 'not-writable'
  /** A file or folder that nobody may change or remove (`chattr +i`, `+a`). */
  | 'immutable'
  /** A link where a folder or file is expected. */
  | 'link'
  /** Something else than a folder or a file lies there, or nothing. */
  | 'not-there'
  /** Owners or modes that this user can't give. */
  | 'owners'
  /** Too little room for what is restored, beside what is live. */
  | 'room'
  /** A glob of `include` or `exclude` that matches nothing. */
  | 'filters'
  /** Sockets and pipes, which a backup leaves out. */
  | 'special-files'
  /** The server or a program is not there, or lets nobody in. */
  | 'unreachable'
  /** What the role may not do on its server. */
  | 'rights'
  /** Sessions that the role may not end. */
  | 'sessions'
  /** A transaction that waits for its second phase. */
  | 'prepared-transaction'
  /** A replication slot, which stays with what is put aside. */
  | 'replication-slot'
  /** Extensions that the role can't make. */
  | 'extension'
  /** Settings of the database that the role can't give to another. */
  | 'settings'
  /** It was tried in a scratch place, and failed. */
  | 'trial';

/** Why data can't be put back where it is live, or not as it was. */
export interface Obstacle {
  /** Name of the source. */
  readonly source: string;
  readonly kind: ObstacleKind;
  /** `refuses`: a restore would fail. `warns`: it would go through, and something is not as it was. */
  readonly severity: 'refuses' | 'warns';
  /** What it is, by path, role or session, and what to do. Never an address or a password. */
  readonly sentence: string;
}

/** An obstacle whose source is known to whoever asked. */
export type Found = Omit<Obstacle, 'source'>;

export const refuses = (kind: ObstacleKind, sentence: string): Found => ({
  kind,
  severity: 'refuses',
  sentence,
});

export const warns = (kind: ObstacleKind, sentence: string): Found => ({
  kind,
  severity: 'warns',
  sentence,
});

/** What a restore writes beside the live data, on the disk that `target` works on; bytes. */
export interface RoomNeed {
  readonly target: PathTarget;
  readonly bytes: number;
}

/** What a kind of data answers. */
export interface Looked {
  readonly found: readonly Found[];
  /** Null where it writes to no disk of this machine, or nothing. */
  readonly room: RoomNeed | null;
}

/** What a kind of data is asked with. */
export interface PutBackJob {
  /** What would be put back; null: the data as it is now. */
  readonly backup: OpenBackup | null;
  readonly disk: Disk;
  /** `quick`: only what may have changed since a full look (sessions, rights to places); nothing is tried. */
  readonly depth: 'full' | 'quick';
  /** Unix epoch, ms. */
  readonly nowMs: number;
  readonly signal: AbortSignal | undefined;
}
