import type { Dirent } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type BytePath, bytesOf, joinPath, shownPath } from '../source/byte-path.ts';
import { type Filters, fileFilter, isOurs } from '../source/file-filter.ts';

/** What of a folder a swap moves; the rest stays where it is. */
export interface Movable {
  /** Paths inside the folder, each moved as a whole. */
  readonly moves: readonly BytePath[];
  /** Whether anything stays. */
  readonly keeps: boolean;
}

const at = (root: BytePath, name: BytePath): Buffer => bytesOf(joinPath(root, name));

/** Entries of a folder, their names as bytes in Latin-1. */
export const entriesOf = async (folder: Buffer): Promise<Dirent<string>[]> => {
  const entries = await readdir(folder, { encoding: 'latin1', withFileTypes: true });
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
};

/**
 * Tells what of a folder is a backup's (what it would list, whatever is there now) from what it leaves out. A folder in
 * which nothing is left out moves as a whole: where all of it does, one look at its top is enough.
 *
 * @param root absolute, as bytes in Latin-1
 */
export const movableIn = async (root: BytePath, filters: Filters): Promise<Movable> => {
  const filter = fileFilter(filters);
  const isWhole = filters.include === undefined && (filters.exclude ?? []).length === 0;

  /** What moves of one folder, and whether anything of it stays. */
  const look = async (folder: BytePath): Promise<Movable> => {
    const found: BytePath[] = [];
    let keeps = false;
    const entries = await entriesOf(at(root, folder));
    for (const entry of entries) {
      const name = joinPath(folder, entry.name);
      const text = shownPath(name);
      if (isOurs(entry.name) || filter.isExcluded(text)) keeps = true;
      else if (isWhole) found.push(name);
      else if (entry.isDirectory()) {
        const inside = await look(name);
        for (const move of inside.keeps ? inside.moves : [name]) found.push(move);
        keeps ||= inside.keeps;
      } else if (filter.isIncluded(text)) found.push(name);
      else keeps = true;
    }
    const isEmpty = entries.length === 0 && folder !== '';
    return { moves: found, keeps: keeps || (isEmpty && !filter.isIncluded(shownPath(folder))) };
  };

  return look('');
};
