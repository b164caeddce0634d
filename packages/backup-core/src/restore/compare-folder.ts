import { BackupError } from '../errors.ts';
import type { Manifest, ManifestEntry } from '../manifest.ts';
import { type BytePath, shownPath } from '../source/byte-path.ts';
import { listFiles, pathInside } from '../source/list-files.ts';
import { truePath } from '../stored-path.ts';
import type { FilesSource } from '../types.ts';
import { hashPath } from './hash-path.ts';

/** The lines of a source, by true path. */
const linesOf = (manifest: Manifest, source: string): Map<BytePath, ManifestEntry> => {
  const lines = new Map<BytePath, ManifestEntry>();
  for (const line of manifest.entries) {
    if (!line.path.startsWith(`${source}/`)) continue;
    const place = truePath(source, line);
    if ('path' in place) lines.set(place.path, line);
  }
  return lines;
};

/** What differs, as `<source>/<path>`, and how much is the same. */
export type FileChanges = {
  added: string[];
  changed: string[];
  removed: string[];
  files: number;
  bytes: number;
};

/** How a folder differs from the lines of its source. */
export const compareFolder = async (
  manifest: Manifest,
  source: FilesSource,
  signal?: AbortSignal,
): Promise<FileChanges> => {
  const lines = linesOf(manifest, source.name);
  const listing = await listFiles(source, signal);
  const changes: FileChanges = { added: [], changed: [], removed: [], files: 0, bytes: 0 };
  for (const item of listing.items) {
    const shown = `${source.name}/${shownPath(item.name)}`;
    const line = lines.get(item.name);
    lines.delete(item.name);
    if (line === undefined) changes.added.push(shown);
    else if (line.type !== item.type) changes.changed.push(shown);
    else if (line.type === 'link' && item.type === 'link') {
      if (line.target !== item.target) changes.changed.push(shown);
    } else if (line.type === 'file' && item.type === 'file') {
      const path = pathInside(source.path, item.name);
      if (line.size !== item.size || (await hashPath(path, signal)) !== line.sha256)
        changes.changed.push(shown);
      else {
        changes.files += 1;
        changes.bytes += line.size;
      }
    }
  }
  const unread = listing.unreadable;
  if (unread.length > 0)
    throw new BackupError('source-refused', `${source.path} can't be read: ${unread[0]}`, {
      file: source.path,
      problems: unread,
    });
  for (const path of lines.keys()) changes.removed.push(`${source.name}/${shownPath(path)}`);
  return changes;
};
