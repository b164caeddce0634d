import type { DatabaseSync } from 'node:sqlite';
import type { Match } from './nearest.ts';

/** A picture that a person should look at. */
export interface QueuedPicture {
  readonly id: number;
  readonly hash: string;
  readonly nearest_id: number | null;
  readonly distance: number | null;
  readonly confidence: number;
  readonly queued_at: string;
  /** Bits between the nearest image and the next one; releases from 1.1 on keep it. */
  readonly margin?: number | null;
}

/** Pictures that were not recognised well enough, one entry per hash. */
export interface LowConfidenceQueue {
  /** @returns the entry's id; a hash that is queued already keeps its entry */
  add(hash: string, match: Match, atMs: number): number;
  /** Oldest first. */
  list(limit: number): QueuedPicture[];
  get(id: number): QueuedPicture | undefined;
  /** @returns whether there was one */
  remove(id: number): boolean;
  length(): number;
}

type Column = 'margin';

const openQueue = (db: DatabaseSync, own: readonly Column[]): LowConfidenceQueue => {
  const columns = ['hash', 'nearest_id', 'distance', 'confidence', 'queued_at', ...own];
  const insert = db.prepare(
    `INSERT INTO low_confidence (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})
     ON CONFLICT (hash) DO NOTHING`,
  );
  const idOf = db.prepare('SELECT id FROM low_confidence WHERE hash = ?');
  const all = db.prepare(
    `SELECT id, ${columns.join(', ')} FROM low_confidence ORDER BY id LIMIT ?`,
  );
  const one = db.prepare(`SELECT id, ${columns.join(', ')} FROM low_confidence WHERE id = ?`);
  const remove = db.prepare('DELETE FROM low_confidence WHERE id = ?');
  const count = db.prepare('SELECT count(*) AS length FROM low_confidence');
  return {
    add: (hash, { nearest, confidence, margin }, atMs) => {
      const row = [hash, nearest?.id ?? null, nearest?.distance ?? null, confidence];
      const ownValues = { margin };
      insert.run(...row, new Date(atMs).toISOString(), ...own.map((column) => ownValues[column]));
      return (idOf.get(hash) as { id: number }).id;
    },
    // The columns are those selected; node:sqlite can't know their types.
    list: (limit) => all.all(limit) as unknown as QueuedPicture[],
    get: (id) => one.get(id) as QueuedPicture | undefined,
    remove: (id) => remove.run(id).changes === 1,
    length: () => (count.get() as { length: number }).length,
  };
};

/** The queue as migration 002 makes it. */
export const plainQueue = (db: DatabaseSync): LowConfidenceQueue => openQueue(db, []);

/** The queue with `margin`, which migration 003 adds. */
export const queueWithMargin = (db: DatabaseSync): LowConfidenceQueue => openQueue(db, ['margin']);
