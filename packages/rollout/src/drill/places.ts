import { dirname, join, relative } from 'node:path';

interface Placed {
  readonly name: string;
  /** Where it is live. Absolute. */
  readonly path: string;
}

/** Deepest folder that holds all of these folders. */
const common = (folders: readonly string[]): string => {
  const [first = '/', ...others] = folders;
  const holds = (folder: string) =>
    others.every((other) => other === folder || relative(folder, other).split('/')[0] !== '..');
  let folder = first;
  while (!holds(folder) && dirname(folder) !== folder) folder = dirname(folder);
  return folder;
};

/**
 * Where each source goes in a drill: laid out below `folder` as the live data is below the deepest folder that
 * holds it all, so that a service given another base folder finds everything in its place. Pure.
 */
export const drillPlaces = <T extends Placed>(folder: string, sources: readonly T[]): T[] => {
  const base = common(sources.map(({ path }) => dirname(path)));
  return sources.map((source) => ({ ...source, path: join(folder, relative(base, source.path)) }));
};
