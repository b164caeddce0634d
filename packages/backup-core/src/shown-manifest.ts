import { filesOf, type Manifest, type ManifestEntry, type ManifestFile } from './manifest.ts';
import type { OpenManifest } from './read-backup.ts';

const tables = new WeakMap<object, Iterable<ManifestEntry>>();

/** A manifest for callers, whose lines become objects when they are first asked for: most callers never do. */
export const shownManifest = ({ entries, ...frame }: OpenManifest): Manifest => {
  let lines: ManifestEntry[] | undefined;
  const manifest: Manifest = {
    ...frame,
    get entries() {
      if (lines === undefined) {
        lines = [...entries];
        // They are the caller's now, who may change them.
        tables.delete(manifest);
      }
      return lines;
    },
    set entries(changed) {
      lines = changed;
      tables.delete(manifest);
    },
  };
  tables.set(manifest, entries);
  return manifest;
};

/** The lines of a manifest that a caller gave, without making objects of all of them where none were made yet. */
export const linesOf = (manifest: Pick<Manifest, 'entries'>): Iterable<ManifestEntry> =>
  tables.get(manifest) ?? manifest.entries;

/** The file of a source that has one. */
export const onlyLineOf = (manifest: Manifest, source: string): ManifestFile | null => {
  for (const line of filesOf({ entries: linesOf(manifest) }))
    if (line.path.startsWith(`${source}/`)) return line;
  return null;
};
