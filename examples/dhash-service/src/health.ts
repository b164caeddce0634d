import { randomUUID } from 'node:crypto';
import { open, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { messageOf } from './errors.ts';
import type { Library } from './library.ts';
import type { Settings } from './settings.ts';

/** `null`: the data can be read and written; else why not. */
export type CheckHealth = () => Promise<string | null>;

/**
 * Really reads and writes: an image's first bytes, the library's rows, a file beside them, and a write
 * transaction that is rolled back, so that a check leaves nothing behind in the data.
 *
 * @param filling what the service is still doing to its library after its start; `null`: nothing
 */
export const healthCheck = async (
  { base, database, images }: Settings,
  db: DatabaseSync,
  library: Library,
  filling: () => string | null,
): Promise<CheckHealth> => {
  const opened = await stat(database);

  const checks: Record<string, () => Promise<void> | void> = {
    'the library can not be read': async () => {
      // An open database goes on working after its file was taken away or replaced.
      const { ino } = await stat(database);
      if (ino !== opened.ino) throw new Error(`${database} was replaced under the running service`);
      library.count();
    },
    'the library can not be written': () => {
      db.exec('BEGIN IMMEDIATE');
      try {
        db.exec(
          "INSERT INTO library (name, file, hash, added_at) VALUES ('?', '?', '0000000000000000', '?')",
        );
      } finally {
        db.exec('ROLLBACK');
      }
    },
    'the images can not be read': async () => {
      await stat(images);
      const file = library.anyFile();
      if (file === undefined) return;
      const handle = await open(join(images, file));
      try {
        const { bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
        if (bytesRead === 0) throw new Error(`${file} is empty`);
      } finally {
        await handle.close();
      }
    },
    'the data folder can not be written': async () => {
      // Beside the images, not among them: a backup that runs meanwhile must not meet it.
      const probe = join(base, `.health-${randomUUID()}`);
      try {
        await writeFile(probe, 'written by /health');
      } finally {
        await rm(probe, { force: true });
      }
    },
  };

  return async () => {
    for (const [what, check] of Object.entries(checks))
      try {
        await check();
      } catch (error) {
        return `${what}: ${messageOf(error)}`;
      }
    return filling();
  };
};
