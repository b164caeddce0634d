import { posix } from 'node:path';

/** An entry of an archive, as the archive states it. */
export interface ArchiveEntry {
  readonly path: string;
  readonly type: 'file' | 'folder' | 'link' | 'hard-link' | 'other';
  /** Where a link leads. */
  readonly to: string | null;
}

const leadsOut = (path: string): boolean =>
  path.startsWith('/') ||
  path.includes('\\') ||
  path.includes('\0') ||
  /^[A-Za-z]:/.test(path) ||
  path.split('/').includes('..');

/** From the folder of the link, without ever stepping above the archive's own root. */
const linkLeadsOut = (path: string, to: string): boolean => {
  if (to.startsWith('/') || to.includes('\\') || /^[A-Za-z]:/.test(to)) return true;
  // `inner/..` is judged by name, but where `inner` is itself a link the system goes elsewhere.
  if (/(^|\/)(?!\.\.?\/)[^/]+\/(.*\/)?\.\.(\/|$)/.test(to)) return true;
  const end = posix.normalize(posix.join(posix.dirname(path), to));
  return end === '..' || end.startsWith('../');
};

const parentsOf = (path: string): string[] =>
  path
    .split('/')
    .slice(0, -1)
    .map((_, index, parts) => parts.slice(0, index + 1).join('/'));

const clean = (path: string): string => posix.normalize(path).replace(/\/$/, '');

/** Why entries must not be unpacked: one sentence each. Empty: all stay inside. */
export const unsafeEntries = (entries: readonly ArchiveEntry[]): string[] => {
  const links = new Set(
    entries.filter(({ type }) => type === 'link').map(({ path }) => clean(path)),
  );
  const seen = new Set<string>();
  return entries.flatMap(({ path, type, to }) => {
    const shown = JSON.stringify(path);
    if (leadsOut(path)) return [`${shown} leads out of the folder`];
    const own = clean(path);
    if (type !== 'folder' && seen.has(own)) return [`${shown} is there twice`];
    seen.add(own);
    if (type === 'other') return [`${shown} is neither file, folder nor link`];
    if (type === 'hard-link') return [`${shown} is a hard link`];
    if (type === 'link' && (to === null || linkLeadsOut(path, to)))
      return [`${shown} is a link that leads out of the folder`];
    const through = parentsOf(own).find((parent) => links.has(parent));
    return through === undefined
      ? []
      : [`${shown} lies behind the link ${JSON.stringify(through)}`];
  });
};
