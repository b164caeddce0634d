import type { DatabaseSync } from 'node:sqlite';
import type { Nearest } from '../../src/nearest.ts';

/** Keeps when which image was recognised (migration 004). */
export const openSightings = (db: DatabaseSync) => {
  const insert = db.prepare('INSERT INTO sighting (image_id, distance, seen_at) VALUES (?, ?, ?)');
  return ({ id, distance }: Nearest, atMs: number): void => {
    insert.run(id, distance, new Date(atMs).toISOString());
  };
};
