import { basename } from 'node:path';

/** A database that lies in a folder of files. */
export interface DatabaseInside {
  /** Of its source: the folder's, and the file's without its ending. */
  readonly name: string;
  /** Relative to the folder. */
  readonly path: string;
}

/** Longest name of a source; it stands in the names of entries. */
const NAME_CHARACTERS = 41;

const slug = (path: string): string =>
  basename(path)
    .replace(/\.[^.]*$/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9_-]+/g, '-');

/** The sources that stand for `sqlite: [...]` of a folder of files: each database is copied, checked and put back as one. Pure. */
export const databasesInside = (folder: string, paths: readonly string[]): DatabaseInside[] => {
  const taken = new Set<string>();
  return paths.map((path) => {
    const wanted = `${folder}-${slug(path)}`.slice(0, NAME_CHARACTERS);
    let name = wanted;
    for (let number = 2; taken.has(name); number += 1)
      name = `${wanted.slice(0, NAME_CHARACTERS - 1 - String(number).length)}-${number}`;
    taken.add(name);
    return { name, path };
  });
};

/** A glob for this very text. */
const literal = (text: string): string => text.replaceAll(/[*?[{]/g, '[$&]');

/** What a folder of files leaves out for the databases in it: each with the files that SQLite keeps beside it. Pure. */
export const withoutDatabases = (paths: readonly string[]): string[] =>
  // The slash at the end: a glob without any would match at each depth.
  paths.map((path) => `${literal(path)}{,-wal,-shm,-journal}/`);
