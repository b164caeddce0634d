import { accessSync, constants, statSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

// Synchronous: asked only where something was refused, and by whoever makes the message of an error.

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Whether the system refused for want of a right, and not because something is broken or not there. */
export const isRightMissing = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '');

const refusal = (path: string, mode: number): string | null => {
  try {
    accessSync(path, mode);
    return null;
  } catch (error) {
    return codeOf(error) ?? null;
  }
};

const here = (): string => {
  const uid = process.getuid?.();
  try {
    const { username } = userInfo();
    return uid === undefined ? username : `${username} (uid ${uid})`;
  } catch {
    // A container may run under a uid that no passwd entry names.
    return `uid ${uid ?? '?'}`;
  }
};

const bits = (mode: number): string =>
  [6, 3, 0]
    .map((shift) => {
      const three = (mode >> shift) & 7;
      return `${three & 4 ? 'r' : '-'}${three & 2 ? 'w' : '-'}${three & 1 ? 'x' : '-'}`;
    })
    .join('');

const ownerOf = (path: string): string => {
  try {
    const { uid, mode } = statSync(path);
    return `it belongs to ${uid === 0 ? 'root' : `uid ${uid}`}, ${bits(mode)}`;
  } catch (error) {
    return `its owner can't be seen (${codeOf(error) ?? 'unknown'})`;
  }
};

const sentence = (path: string, doing: string, code: string): string =>
  code === 'EROFS'
    ? `${path} lies on a file system that is mounted read-only`
    : `${here()} may not ${doing} ${path}: ${ownerOf(path)}`;

/**
 * Which right is missing to read or write `path`, and who could give it: the first folder on the way
 * that can't be entered, else the path itself, else the folder that it would be made in. One
 * sentence without a full stop.
 */
export const missingRight = (path: string, need: 'read' | 'write'): string => {
  const target = resolve(path);
  const above: string[] = [];
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    above.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of above)
    if (refusal(folder, constants.X_OK) === 'EACCES') return sentence(folder, 'enter', 'EACCES');
  const own = refusal(target, need === 'read' ? constants.R_OK : constants.W_OK);
  if (own === 'EACCES' || own === 'EPERM' || own === 'EROFS') return sentence(target, need, own);
  for (const folder of above.toReversed()) {
    const refused = refusal(folder, constants.W_OK);
    if (refused === 'ENOENT') continue;
    if (refused !== null) return sentence(folder, 'write into', refused);
    break;
  }
  return `${here()} may not ${need} ${target}`;
};

const reading = ['scandir', 'opendir', 'readlink', 'stat', 'lstat', 'access'];
const writing = [
  ...['open', 'mkdir', 'rename', 'unlink', 'rm', 'rmdir', 'link', 'symlink', 'copyfile'],
  ...['chmod', 'fchmod', 'chown', 'fchown', 'utime', 'truncate', 'mkdtemp', 'lutime'],
];

/** The same for what a call of the file system threw; `null` where it is no such error. */
export const missingRightOf = (error: unknown): string | null => {
  if (!isRightMissing(error)) return null;
  const { path, syscall } = error as NodeJS.ErrnoException;
  if (typeof path !== 'string') return null;
  if (reading.includes(syscall ?? '')) return missingRight(path, 'read');
  if (syscall === 'open' && refusal(path, constants.R_OK) === 'EACCES')
    return missingRight(path, 'read');
  return writing.includes(syscall ?? '') ? missingRight(path, 'write') : null;
};
