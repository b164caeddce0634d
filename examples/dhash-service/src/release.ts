import type { DatabaseSync } from 'node:sqlite';
import type { LumaPlane } from './dhash.ts';
import type { LowConfidenceQueue } from './low-confidence-queue.ts';
import type { Nearest } from './nearest.ts';

/** What one release brings of its own; everything else is shared. */
export interface Release {
  /** As in the folder's name and in `/health`. */
  readonly version: string;
  /** Bytes of a picture to its brightness. @throws ServiceError `picture-…` */
  readonly decode: (bytes: Uint8Array) => Promise<LumaPlane>;
  readonly openQueue: (db: DatabaseSync) => LowConfidenceQueue;
  /** Told of each recognised picture. */
  readonly openSightings?: (db: DatabaseSync) => (nearest: Nearest, atMs: number) => void;
}
