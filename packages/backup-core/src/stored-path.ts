import { createHash } from 'node:crypto';
import { type BytePath, bytePath, bytesOf } from './source/byte-path.ts';
import { isAscii, nameOf, nameProblem, nameSet } from './zip/entry-name.ts';

/** Folder inside a source for files whose own names are not portable. */
const ESCAPE = '~n';

/** What is not UTF-8 is not portable, and is stored under another name. */
const decoded = (name: BytePath): string | null => (isAscii(name) ? name : nameOf(bytesOf(name)));

/** Path of a line in the archive, and its true name where that is another. */
export interface StoredPath {
  readonly path: string;
  /** Base64 of the true path inside the source. */
  readonly name?: string;
}

const escapedPath = (source: string, name: Buffer): string =>
  `${source}/${ESCAPE}/${createHash('sha256').update(name).digest('hex')}`;

/**
 * Decides how the files of one backup are called in its archive: `<source>/<path>` where that is portable
 * and collides with none before it, else `<source>/~n/<SHA-256 of the path's bytes>`. Call it in bytewise order.
 */
export const pathStore = (): ((source: string, name: BytePath) => StoredPath) => {
  const names = nameSet();
  return (source, name) => {
    const text = decoded(name);
    const path = `${source}/${text}`;
    const escaped = text === null || text === ESCAPE || text.startsWith(`${ESCAPE}/`);
    if (!escaped && nameProblem(path) === null && names.add(path) === null) return { path };
    const bytes = bytesOf(name);
    return { path: escapedPath(source, bytes), name: bytes.toString('base64') };
  };
};

/** Why a true name from a manifest can't be used, or null. */
export const trueNameProblem = (name: BytePath): string | null => {
  if (name === '') return 'is empty';
  if (name.includes('\0')) return 'holds a NUL';
  const components = name.split('/');
  if (components.some((part) => part === '' || part === '.' || part === '..'))
    return 'is absolute, or has an empty, "." or ".." component';
  if (components.some((part) => part.length > 255)) return 'has a component of more than 255 bytes';
  return process.platform === 'win32'
    ? 'can only be restored on a system that allows such names'
    : null;
};

/**
 * The true path inside its source of a manifest line, or why the line is not one of ours.
 */
export const truePath = (
  source: string,
  { path, name }: { readonly path: string; readonly name?: string | undefined },
): { readonly path: BytePath } | { readonly problem: string } => {
  const prefix = `${source}/`;
  if (!path.startsWith(prefix)) return { problem: `does not lie in the source "${source}"` };
  const inside = path.slice(prefix.length);
  const escaped = inside === ESCAPE || inside.startsWith(`${ESCAPE}/`);
  if (name === undefined) {
    if (escaped) return { problem: 'is stored under another name, and its true name is missing' };
    const problem = nameProblem(path);
    return problem === null
      ? { path: isAscii(inside) ? inside : bytePath(inside) }
      : { problem: `has a name that ${problem}` };
  }
  const bytes = Buffer.from(name, 'base64');
  if (path !== escapedPath(source, bytes))
    return { problem: 'has a true name that does not belong to its path' };
  const trueName = bytes.toString('latin1');
  const problem = trueNameProblem(trueName);
  return problem === null ? { path: trueName } : { problem: `has a true name that ${problem}` };
};

/** Why a link may not be made: it must be relative and stay inside its source; `path` is the link's own true path. */
export const linkProblem = (path: BytePath, target: string): string | null => {
  if (target === '' || target.includes('\0')) return 'has no usable target';
  if (target.startsWith('/') || target.includes('\\') || /^[a-z]:/i.test(target))
    return `points to the absolute path ${JSON.stringify(target)}`;
  const components = target.split('/').filter((part) => part !== '' && part !== '.');
  const firstDown = components.findIndex((part) => part !== '..');
  const up = firstDown === -1 ? components.length : firstDown;
  // A ".." behind a name could go up from wherever another link leads.
  if (components.slice(up).includes('..'))
    return `has ".." behind a name in its target ${JSON.stringify(target)}`;
  const depth = path.split('/').length - 1;
  return up > depth ? `points out of its source, to ${JSON.stringify(target)}` : null;
};
