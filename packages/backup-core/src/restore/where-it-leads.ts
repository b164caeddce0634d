import { lstatSync, readlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { systemCode } from '../errors.ts';

/** So many links in a row are a circle: Linux gives up there too (path_resolution(7)). */
const MOST_LINKS = 40;

const linkAt = (path: string): string | null => {
  try {
    return lstatSync(path).isSymbolicLink() ? readlinkSync(path) : null;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(systemCode(error) ?? '')) return null;
    throw error;
  }
};

/**
 * The path that a link leads to, and any further link there; whatever is no link leads to itself. What is at the end need
 * not be there. SQLite keeps -wal and -shm beside that end, so it is what a database's path means.
 */
export const whereItLeads = (path: string): string => {
  let at = path;
  for (let links = 0; links < MOST_LINKS; links++) {
    const to = linkAt(at);
    if (to === null) return at;
    at = resolve(dirname(at), to);
  }
  return path;
};
