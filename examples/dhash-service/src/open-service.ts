import type { Hono } from 'hono';
import { createApp } from './app.ts';
import { messageOf } from './errors.ts';
import { fillLibrary } from './fill-library.ts';
import { pictureHasher } from './hash-picture.ts';
import { healthCheck } from './health.ts';
import { openLibrary } from './library.ts';
import type { Log } from './log.ts';
import { serviceMetrics } from './metrics.ts';
import { openDatabase, withSchema } from './open-database.ts';
import type { Release } from './release.ts';
import type { Settings } from './settings.ts';

/** A service on its data, not yet on the network. */
export interface OpenService {
  readonly app: Hono;
  /** Resolves once the library is filled (at once where it was not empty); `/health` says 503 until then. */
  readonly filled: Promise<void>;
  close(): void;
}

/**
 * Opens the data and fills an empty library from the images folder.
 *
 * @throws ServiceError `data-missing`, `schema-missing`
 */
export const openService = async (
  release: Release,
  settings: Settings,
  log: Log,
  now: () => number = Date.now,
): Promise<OpenService> => {
  const db = openDatabase(settings.database);
  const { library, queue, sighted } = withSchema(db, settings.database, release.version, () => ({
    library: openLibrary(db, settings.images),
    queue: release.openQueue(db),
    sighted: release.openSightings?.(db) ?? null,
  }));
  const metrics = serviceMetrics(now, queue.length);

  let filling: string | null = library.count() === 0 ? 'the library is being filled' : null;
  const checkHealth = await healthCheck(settings, db, library, () => filling);
  const fill = async () => {
    if (filling === null) return;
    try {
      const images = await fillLibrary(library, release, log, now, (done, of) => {
        filling = `the library is being filled: ${done} of ${of}`;
      });
      log('info', 'library filled', { images });
      filling = null;
    } catch (error) {
      filling = `the library could not be filled: ${messageOf(error)}`;
      log('error', 'library not filled', { reason: messageOf(error) });
    }
  };

  const app = createApp({
    version: release.version,
    hashPicture: pictureHasher(release, metrics, () => performance.now()),
    library,
    queue,
    metrics,
    checkHealth,
    sighted,
    log,
    now,
  });
  return {
    app,
    filled: fill(),
    close: () => {
      if (db.isOpen) db.close();
    },
  };
};
