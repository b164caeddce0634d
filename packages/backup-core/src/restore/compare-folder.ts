import { BackupError } from '../errors.ts';
import type { Manifest, ManifestEntry } from '../manifest.ts';
import { linesOf } from '../shown-manifest.ts';
import { type BytePath, shownPath } from '../source/byte-path.ts';
import { listFiles, pathInside } from '../source/list-files.ts';
import { truePath } from '../stored-path.ts';
import { lineTable } from '../table/line-table.ts';
import { rowIndex } from '../table/row-index.ts';
import type { FilesSource } from '../types.ts';
import { hashPath } from './hash-path.ts';

/** The lines of a source, by true path; each is given out once. */
interface Lines {
  take(path: BytePath): ManifestEntry | null;
  /** True paths of those that nobody took. */
  left(): Generator<BytePath>;
}

const linesByPath = (manifest: Manifest, source: string): Lines => {
  const lines = lineTable();
  const placeOf = (line: ManifestEntry): BytePath | null => {
    const place = truePath(source, line);
    return 'path' in place ? place.path : null;
  };
  const rows = rowIndex((row) => placeOf(lines.at(row)) ?? '');
  for (const line of linesOf(manifest)) {
    const path = line.path.startsWith(`${source}/`) ? placeOf(line) : null;
    if (path === null) continue;
    rows.add(path, lines.length);
    lines.push(line);
  }
  const isTaken = new Uint8Array(lines.length);
  return {
    take: (path) => {
      const row = rows.find(path);
      if (row === null || isTaken[row] === 1) return null;
      isTaken[row] = 1;
      return lines.at(row);
    },
    *left() {
      for (const [row, taken] of isTaken.entries()) {
        const path = taken === 0 ? placeOf(lines.at(row)) : null;
        if (path !== null) yield path;
      }
    },
  };
};

/** What differs, as `<source>/<path>`, and how much is the same. */
export type FileChanges = {
  added: string[];
  changed: string[];
  removed: string[];
  files: number;
  bytes: number;
};

export interface CompareFolderOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of each line that is there with the same content. */
  readonly onSame?: ((line: ManifestEntry, path: Buffer, shown: string) => void) | undefined;
}

/** How a folder differs from the lines of its source. */
export const compareFolder = async (
  manifest: Manifest,
  source: FilesSource,
  { signal, onSame }: CompareFolderOptions = {},
): Promise<FileChanges> => {
  const lines = linesByPath(manifest, source.name);
  const listing = await listFiles(source, signal);
  const changes: FileChanges = { added: [], changed: [], removed: [], files: 0, bytes: 0 };
  for (const item of listing.items) {
    const shown = `${source.name}/${shownPath(item.name)}`;
    const line = lines.take(item.name);
    const path = pathInside(source.path, item.name);
    if (line === null) changes.added.push(shown);
    else if (line.type !== item.type) changes.changed.push(shown);
    else if (line.type === 'link' && item.type === 'link') {
      if (line.target !== item.target) changes.changed.push(shown);
      else onSame?.(line, path, shown);
    } else if (line.type === 'file' && item.type === 'file') {
      if (line.size !== item.size || (await hashPath(path, signal)) !== line.sha256)
        changes.changed.push(shown);
      else {
        changes.files += 1;
        changes.bytes += line.size;
        onSame?.(line, path, shown);
      }
    }
  }
  const unread = listing.unreadable;
  if (unread.length > 0)
    throw new BackupError('source-refused', `${source.path} can't be read: ${unread[0]}`, {
      file: source.path,
      problems: unread,
    });
  for (const path of lines.left()) changes.removed.push(`${source.name}/${shownPath(path)}`);
  return changes;
};
