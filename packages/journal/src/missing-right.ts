import { access, constants, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { dirname, resolve } from 'node:path';

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error ? String(error.code) : undefined;

/** Whether the system refused for want of a right, and not because something is broken or not there. */
export const isRightMissing = (error: unknown): boolean =>
  ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error) ?? '');

const refusal = async (path: string, mode: number): Promise<string | null> => {
  try {
    await access(path, mode);
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

const ownerOf = async (path: string): Promise<string> => {
  try {
    const { uid, mode } = await stat(path);
    return `it belongs to ${uid === 0 ? 'root' : `uid ${uid}`}, ${bits(mode)}`;
  } catch (error) {
    return `its owner can't be seen (${codeOf(error) ?? 'unknown'})`;
  }
};

const sentence = async (path: string, doing: string, code: string): Promise<string> =>
  code === 'EROFS'
    ? `${path} lies on a file system that is mounted read-only`
    : `${here()} may not ${doing} ${path}: ${await ownerOf(path)}`;

/**
 * Which right is missing to read or write `path`, and who could give it: the first folder on the way
 * that can't be entered, else the path itself, else the folder that it would be made in. One
 * sentence without a full stop.
 */
export const missingRight = async (path: string, need: 'read' | 'write'): Promise<string> => {
  const target = resolve(path);
  const above: string[] = [];
  for (let folder = dirname(target); ; folder = dirname(folder)) {
    above.unshift(folder);
    if (folder === dirname(folder)) break;
  }
  for (const folder of above)
    if ((await refusal(folder, constants.X_OK)) === 'EACCES')
      return sentence(folder, 'enter', 'EACCES');
  const own = await refusal(target, need === 'read' ? constants.R_OK : constants.W_OK);
  if (own === 'EACCES' || own === 'EPERM' || own === 'EROFS') return sentence(target, need, own);
  for (const folder of above.toReversed()) {
    const refused = await refusal(folder, constants.W_OK);
    if (refused === 'ENOENT') continue;
    if (refused !== null) return sentence(folder, 'write into', refused);
    break;
  }
  return `${here()} may not ${need} ${target}`;
};
