// Keeps what V8 made of the program's files, so that the next start need not compile them again. It runs on old Nodes
// too, and whatever goes wrong here costs time at most.
import { lstatSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import module from 'node:module';
import { join } from 'node:path';

/** Files of one installation come to about a hundred; more are left by others that are gone. */
const mostFiles = 500;

const groupOrOthersMayWrite = 0o022;

/**
 * Whether nobody but this user can put a file there: what lies in the cache is run.
 *
 * @param {string} folder
 */
const isOurs = (folder) => {
  const { uid, mode } = lstatSync(folder);
  return uid === process.getuid?.() && (mode & groupOrOthersMayWrite) === 0;
};

/**
 * The folder, made where it is missing; null: there is none that can be trusted.
 *
 * @param {NodeJS.ProcessEnv} env
 */
const cacheFolder = ({ XDG_CACHE_HOME: cacheHome, HOME: home }) => {
  const parent = cacheHome?.startsWith('/') ? cacheHome : home ? join(home, '.cache') : null;
  if (parent === null || process.getuid === undefined) return null;
  if (home && !cacheHome && isOurs(home)) mkdirSync(parent, { recursive: true, mode: 0o700 });
  if (!isOurs(parent)) return null;
  const folder = join(parent, 'dhash-rollout');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return isOurs(folder) && lstatSync(folder).isDirectory() ? folder : null;
};

/** Turns the cache on; in silence off where there is no home, no right to write, or a folder that is not ours. */
export const useCompileCache = () => {
  if (module.enableCompileCache === undefined || process.env['NODE_COMPILE_CACHE'] !== undefined)
    return;
  try {
    const folder = cacheFolder(process.env);
    if (folder === null) return;
    for (const name of readdirSync(folder))
      if (readdirSync(join(folder, name)).length > mostFiles)
        rmSync(join(folder, name), { recursive: true, force: true });
    module.enableCompileCache(folder);
  } catch {
    // A cache is never a reason to fail.
  }
};
