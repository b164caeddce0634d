import { lstatSync } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { BackupError, messageOf } from '../errors.ts';
import { linkProblem } from '../stored-path.ts';
import { type FoundTable, foundTable } from '../table/found-table.ts';
import type { FilesSource } from '../types.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from './byte-path.ts';
import { matchGlobs } from './match-glob.ts';
import { systemPace } from './system-pace.ts';

/** Something found under a source's folder. `name` is its path there. */
export type FoundItem =
  | { readonly type: 'file'; readonly name: BytePath; readonly size: number }
  | { readonly type: 'link'; readonly name: BytePath; readonly target: string }
  | { readonly type: 'dir'; readonly name: BytePath; readonly mode: number };

export interface FileListing {
  /** Sorted bytewise by name. Folders are here only where they are empty. */
  readonly items: FoundTable;
  /** Modes of folders that are not 0755, by path (`''` is the source's own). */
  readonly folderModes: Readonly<Record<string, number>>;
  /** What could not be listed, each with its reason. */
  readonly unreadable: readonly string[];
}

/** Absolute path of something inside a source, in bytes. */
export const pathInside = (root: string, name: BytePath): Buffer =>
  bytesOf(joinPath(bytePath(root), name));

const DEFAULT_FOLDER_MODE = 0o755;

/**
 * What lies under the folder of a `files` source now; what comes into being later is not part of the backup.
 * Links are listed, never followed.
 *
 * @throws BackupError `source-refused` where the folder is missing, holds a live SQLite database, or links out.
 */
export const listFiles = async (
  source: FilesSource,
  signal?: AbortSignal,
): Promise<FileListing> => {
  const isIncluded = source.include === undefined ? () => true : matchGlobs(source.include);
  const isExcluded = matchGlobs(source.exclude ?? []);
  const items = foundTable();
  const folderModes: Record<string, number> = {};
  const unreadable: string[] = [];
  const refused: string[] = [];
  const pace = systemPace();
  const root = await lstat(source.path).catch((error: unknown) => {
    throw refuseSource(source, [`its folder can't be read: ${messageOf(error)}`]);
  });
  if (!root.isDirectory()) throw refuseSource(source, ['it is not a folder']);

  const visitOne = async (name: BytePath): Promise<boolean> => {
    const text = shownPath(name);
    if (isExcluded(text)) return false;
    const path = pathInside(source.path, name);
    const stat = pace.atOnce(() => lstatSync(path)) ?? (await lstat(path));
    if (stat.isDirectory()) {
      await visitFolder(name, stat.mode & 0o777);
      return true;
    }
    if (!isIncluded(text)) return false;
    if (stat.isFile()) items.push({ type: 'file', name, size: stat.size });
    else if (stat.isSymbolicLink()) {
      const target = await readlink(path, { encoding: 'buffer' });
      const problem =
        target.toString('utf8') === '' || !isText(target)
          ? 'has a target that is not UTF-8'
          : linkProblem(name, target.toString('utf8'));
      if (problem === null) items.push({ type: 'link', name, target: target.toString('utf8') });
      else refused.push(`${text}: this link ${problem}; leave it out with "exclude"`);
    } else unreadable.push(`${source.name}/${text}: it is neither file, folder nor link`);
    return true;
  };
  const visitFolder = async (name: BytePath, mode: number): Promise<void> => {
    signal?.throwIfAborted();
    const text = shownPath(name);
    const children = await readdir(pathInside(source.path, name), { encoding: 'latin1' }).catch(
      (error: unknown) => {
        unreadable.push(`${source.name}/${text}: ${messageOf(error)}`);
        return null;
      },
    );
    if (children === null) return;
    if (mode !== DEFAULT_FOLDER_MODE) folderModes[text] = mode;
    for (const child of children.sort()) {
      const childName = joinPath(name, child);
      await visitOne(childName).catch((error: unknown) => {
        unreadable.push(`${source.name}/${shownPath(childName)}: ${messageOf(error)}`);
      });
    }
    if (children.length === 0 && name !== '' && isIncluded(text))
      items.push({ type: 'dir', name, mode });
  };

  await visitFolder('', root.mode & 0o777);
  refused.push(...(await liveDatabases(source, items)));
  if (refused.length > 0) throw refuseSource(source, refused);
  items.sort();
  return { items, folderModes, unreadable };
};

const isText = (bytes: Buffer): boolean => Buffer.from(bytes.toString('utf8')).equals(bytes);

const refuseSource = (source: FilesSource, problems: readonly string[]): BackupError =>
  new BackupError(
    'source-refused',
    `the source "${source.name}" (${source.path}) can't be backed up: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? `; and ${problems.length - 5} more` : ''}`,
    { file: source.path, problems },
  );

const SQLITE_MAGIC = 'SQLite format 3\0';

/** A database read as a file is torn: one with a log beside it has to be a source of its own. */
const liveDatabases = async (source: FilesSource, items: FoundTable): Promise<string[]> => {
  const problems: string[] = [];
  const logged = new Set<BytePath>();
  for (const { name } of items) {
    const log = /-(?:wal|journal)$/.exec(name);
    if (log !== null) logged.add(name.slice(0, -log[0].length));
  }
  if (logged.size === 0) return problems;
  for (const { type, name: database } of items) {
    if (type !== 'file' || !logged.has(database)) continue;
    if ((await firstBytes(pathInside(source.path, database))) === SQLITE_MAGIC)
      problems.push(
        `${shownPath(database)} is a SQLite database in use: declare it as a source of type sqlite and exclude ${shownPath(database)}*`,
      );
  }
  return problems;
};

const firstBytes = async (path: Buffer): Promise<string> => {
  const handle = await open(path, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await handle.close();
  }
};
