// @ts-check
// Makes the service's data once: node examples/dhash-service/init.js
// 300 pictures in <data>/images and an empty library.db in WAL mode, whose tables the release's
// migrations make. <data> is DHASH_DATA, else var/<ROLLOUT_ENV> in the repository. What is there stays.
import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isOwnNode } from './own-node.js';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/** @param {Record<string, string | undefined>} env */
const dataFolder = ({ DHASH_DATA: named, ROLLOUT_ENV: environment }) => {
  if (named) return resolve(named);
  if (environment && /^[\w-][\w.-]*$/.test(environment))
    return join(repository, 'var', environment);
  throw new Error(
    `set ROLLOUT_ENV to the environment's name, or DHASH_DATA to a folder (ROLLOUT_ENV is ${JSON.stringify(environment ?? null)})`,
  );
};

/** @param {string} file */
const makeDatabase = async (file) => {
  await (await open(file, 'wx', 0o600)).close();
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL');
  db.close();
};

/** @param {string} what @param {string} path @param {(path: string) => Promise<void>} make */
const makeOnce = async (what, path, make) => {
  const isThere = existsSync(path);
  if (!isThere) await make(path);
  process.stdout.write(`${isThere ? 'kept' : 'made'} ${what}: ${path}\n`);
};

if (isOwnNode(import.meta.url))
  try {
    const folder = dataFolder(process.env);
    const { makeLibrary } = await import('./src/pictures/make-library.ts');
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await makeOnce('300 pictures', join(folder, 'images'), (path) => makeLibrary(path));
    await makeOnce('empty library', join(folder, 'library.db'), makeDatabase);
  } catch (error) {
    process.stderr.write(
      `error: no data made: ${error instanceof Error ? error.message : error}\n`,
    );
    process.exitCode = 1;
  }
