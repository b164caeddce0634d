import { matchGlobs } from './match-glob.ts';

/** Which files of a folder belong to a source. */
export interface Filters {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Folders of restores and rescues that are under way or were not cleaned up: never part of anybody's data. */
const OURS = /^\.dhash-(?:restore|rescue)-/;

export const isOurs = (name: string): boolean => OURS.test(name);

/** What of a folder belongs to a source. Paths are relative to it. */
export interface FileFilter {
  /** Whether it is left out, with all that is in it. */
  isExcluded(path: string): boolean;
  /** Of what is no folder, or of an empty one. */
  isIncluded(path: string): boolean;
  /** Globs that nothing matched so far, as people wrote them. */
  unmatched(): readonly { readonly option: 'include' | 'exclude'; readonly glob: string }[];
}

interface Glob {
  readonly text: string;
  readonly matches: (path: string) => boolean;
  isUsed: boolean;
}

const globsOf = (globs: readonly string[]): Glob[] =>
  globs.map((text) => ({ text, matches: matchGlobs([text]), isUsed: false }));

/** Every glob is asked until it matched something once: which of them match nothing is told. */
const matchedBy = (globs: readonly Glob[], path: string): boolean => {
  let isMatched = false;
  for (const glob of globs) {
    if (isMatched && glob.isUsed) continue;
    if (!glob.matches(path)) continue;
    isMatched = true;
    glob.isUsed = true;
  }
  return isMatched;
};

/** What lies in a folder that is left out is not looked at: globs that are about it match there, as far as anyone knows. */
const coverInside = (globs: readonly Glob[], folder: string): void => {
  for (const glob of globs)
    if (!glob.isUsed && (glob.text.startsWith(`${folder}/`) || glob.matches(`${folder}/x`)))
      glob.isUsed = true;
};

/** @throws BackupError `bad-option` for a glob that can't match anything */
export const fileFilter = ({ include, exclude = [] }: Filters): FileFilter => {
  const wanted = include === undefined ? null : globsOf(include);
  const left = globsOf(exclude);
  return {
    isExcluded: (path) => {
      if (!matchedBy(left, path)) return false;
      coverInside(left, path);
      return true;
    },
    isIncluded: (path) => wanted === null || matchedBy(wanted, path),
    unmatched: () => [
      ...(wanted ?? [])
        .filter(({ isUsed }) => !isUsed)
        .map(({ text }) => ({ option: 'include' as const, glob: text })),
      ...left
        .filter(({ isUsed }) => !isUsed)
        .map(({ text }) => ({ option: 'exclude' as const, glob: text })),
    ],
  };
};

/** Files that belong to a SQLite database: itself, its log, the log's index, its journal. */
const DATABASE_FILES = ['', '-wal', '-shm', '-journal'] as const;

/**
 * Whether a folder of files leaves out a database that lies in it, with all that SQLite keeps beside it: then both can be
 * sources, each put back by itself. Pure.
 *
 * @param path of the database, relative to the folder
 */
export const leavesDatabaseOut = (filters: Filters, path: string): boolean => {
  const filter = fileFilter(filters);
  const parts = path.split('/');
  const isLeftOut = (name: string): boolean => filter.isExcluded(name);
  if (parts.some((_, i) => i > 0 && isLeftOut(parts.slice(0, i).join('/')))) return true;
  return DATABASE_FILES.every((suffix) => {
    const name = `${path}${suffix}`;
    return isLeftOut(name) || !filter.isIncluded(name);
  });
};
