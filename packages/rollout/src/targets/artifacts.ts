import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { compareVersions } from './compare-versions.ts';

/** Names one folder, on any system, and nothing else: no separator, no leading dot, no `..`. */
const releaseName = /^[A-Za-z0-9][A-Za-z0-9._+-]{0,99}$/;

export const isReleaseName = (version: string): boolean =>
  releaseName.test(version) && !version.includes('..');

/** What a release is made from. */
export interface Artifact {
  readonly path: string;
  readonly kind: 'folder' | 'zip' | 'tar';
}

const marker = '{version}';

const kindOf = async (path: string): Promise<Artifact['kind'] | null> => {
  try {
    if ((await stat(path)).isDirectory()) return 'folder';
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
  if (/\.zip$/i.test(path)) return 'zip';
  return /\.(tar\.gz|tgz|tar)$/i.test(path) ? 'tar' : null;
};

/** The artifact of a version; `null` where there is none. `pattern` holds `{version}` once. */
export const artifactOf = async (pattern: string, version: string): Promise<Artifact | null> => {
  if (!isReleaseName(version)) return null;
  const path = pattern.replace(marker, () => version);
  const kind = await kindOf(path);
  return kind === null ? null : { path, kind };
};

/** Versions that there is an artifact of, the highest first. */
export const artifactVersions = async (pattern: string): Promise<string[]> => {
  const at = pattern.indexOf(marker);
  const slash = pattern.indexOf('/', at);
  const upTo = slash === -1 ? pattern : pattern.slice(0, slash);
  const [before = '', after = ''] = basename(upTo).split(marker);
  let names: string[];
  try {
    names = await readdir(dirname(upTo));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  const candidates = names
    .filter(
      (name) =>
        name.startsWith(before) &&
        name.endsWith(after) &&
        name.length > before.length + after.length,
    )
    .map((name) => name.slice(before.length, name.length - after.length));
  const found: string[] = [];
  for (const version of candidates)
    if ((await artifactOf(join(pattern), version)) !== null) found.push(version);
  return found.sort((a, b) => compareVersions(b, a));
};
