import { lstatSync, type Stats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { messageOf } from '@dhash/basics/message-of';
import { BackupError, systemCode } from '../errors.ts';
import type { Owner } from '../stored-owner.ts';
import { linkProblem } from '../stored-path.ts';
import { type FoundTable, foundTable } from '../table/found-table.ts';
import type { FilesSource } from '../types.ts';
import { type BytePath, bytePath, bytesOf, joinPath, shownPath } from './byte-path.ts';
import { type FileFilter, fileFilter, isOurs } from './file-filter.ts';
import { liveDatabases } from './live-databases.ts';
import { systemPace } from './system-pace.ts';

/** Something found under a source's folder. `name` is its path there. */
export type FoundItem =
  | { readonly type: 'file'; readonly name: BytePath; readonly size: number }
  | ({ readonly type: 'link'; readonly name: BytePath; readonly target: string } & Owner)
  | ({ readonly type: 'dir'; readonly name: BytePath; readonly mode: number } & Owner);

/** What a folder looks like. */
export interface FolderLooks extends Owner {
  readonly mode: number;
}

export interface FileListing {
  /** Sorted bytewise by name. Folders are here only where they are empty. */
  readonly items: FoundTable;
  /** Of the source's own folder. */
  readonly root: FolderLooks;
  /** Of each folder below it that does not look as most do: mode 0755, and the owner of the source's own. */
  readonly folders: ReadonlyMap<BytePath, FolderLooks>;
  /** What could not be listed, each with its reason. */
  readonly unreadable: readonly string[];
  /** What is left out and need not be known, but told: a sentence each. */
  readonly notes: readonly string[];
}

/** Absolute path of something inside a source, in bytes. */
export const pathInside = (root: string, name: BytePath): Buffer =>
  bytesOf(joinPath(bytePath(root), name));

export const DEFAULT_FOLDER_MODE = 0o755;
/** Permissions, and setuid, setgid, sticky. */
const MODE_BITS = 0o7777;

/** How often a folder is listed anew in which files come and go: after that it is taken as it was seen. */
const MOST_LISTINGS = 4;

const looksOf = ({ mode, uid, gid }: Stats): FolderLooks => ({ mode: mode & MODE_BITS, uid, gid });

/**
 * What lies under the folder of a `files` source now; what comes into being later is not part of the backup.
 * Links are listed, never followed. A file that goes between two looks (every safe writer renames one over another) makes it
 * look again, so that the name that came is there.
 *
 * @throws BackupError `source-refused` where the folder is missing, holds a live SQLite database, or links out.
 */
export const listFiles = async (
  source: FilesSource,
  signal?: AbortSignal,
): Promise<FileListing> => {
  for (let listing = 1; ; listing++) {
    const { vanished, ...found } = await listOnce(source, signal);
    if (vanished > 0 && listing < MOST_LISTINGS) continue;
    const refused = [...found.refused, ...(await liveDatabases(source, found.items))];
    if (refused.length > 0) throw refuseSource(source, refused);
    return found;
  }
};

type Listed = FileListing & {
  /** What was listed, and gone when it was looked at. */
  readonly vanished: number;
  readonly refused: readonly string[];
};

const isGone = (error: unknown): boolean => systemCode(error) === 'ENOENT';

const listOnce = async (source: FilesSource, signal: AbortSignal | undefined): Promise<Listed> => {
  const filter = fileFilter(source);
  const items = foundTable();
  const folders = new Map<BytePath, FolderLooks>();
  const unreadable: string[] = [];
  const refused: string[] = [];
  const special: string[] = [];
  let vanished = 0;
  const pace = systemPace();
  const root = await lstat(source.path).catch((error: unknown) => {
    throw refuseSource(source, [`its folder can't be read: ${messageOf(error)}`]);
  });
  if (!root.isDirectory())
    throw refuseSource(source, [
      root.isSymbolicLink()
        ? 'it is a link, not a folder: name the folder that it leads to'
        : 'it is not a folder',
    ]);
  const rootLooks = looksOf(root);

  /** Either it vanished, or it can't be read. */
  const couldNot = (name: BytePath) => (error: unknown) => {
    if (isGone(error)) vanished += 1;
    else unreadable.push(`${source.name}/${shownPath(name)}: ${messageOf(error)}`);
    return null;
  };
  const addLink = async (name: BytePath, path: Buffer, { uid, gid }: Stats): Promise<void> => {
    const target = await readlink(path, { encoding: 'buffer' });
    const text = target.toString('utf8');
    const problem =
      text === '' || !Buffer.from(text).equals(target)
        ? 'has a target that is not UTF-8'
        : linkProblem(name, text);
    if (problem === null) items.push({ type: 'link', name, target: text, uid, gid });
    else refused.push(`${shownPath(name)}: this link ${problem}; leave it out with "exclude"`);
  };
  const visitOne = async (name: BytePath): Promise<void> => {
    const text = shownPath(name);
    if (filter.isExcluded(text)) return;
    const path = pathInside(source.path, name);
    const stat = pace.atOnce(() => lstatSync(path)) ?? (await lstat(path));
    if (stat.isDirectory()) return visitFolder(name, looksOf(stat));
    if (!filter.isIncluded(text)) return;
    if (stat.isFile()) items.push({ type: 'file', name, size: stat.size });
    else if (stat.isSymbolicLink()) await addLink(name, path, stat);
    else special.push(text);
  };
  const visitFolder = async (name: BytePath, looks: FolderLooks): Promise<void> => {
    signal?.throwIfAborted();
    const path = pathInside(source.path, name);
    const children = await readdir(path, { encoding: 'latin1' }).catch(couldNot(name));
    if (children === null) return;
    const isCommon =
      looks.mode === DEFAULT_FOLDER_MODE &&
      looks.uid === rootLooks.uid &&
      looks.gid === rootLooks.gid;
    if (name !== '' && !isCommon) folders.set(name, looks);
    for (const child of children.sort()) {
      if (isOurs(child)) continue;
      const childName = joinPath(name, child);
      await visitOne(childName).catch(couldNot(childName));
    }
    if (children.length === 0 && name !== '' && filter.isIncluded(shownPath(name)))
      items.push({ type: 'dir', name, ...looks });
  };

  await visitFolder('', rootLooks);
  items.sort();
  const notes = notesOf(source, filter, special);
  return { items, root: rootLooks, folders, unreadable, notes, vanished, refused };
};

/** So many names are told. */
const MOST_NAMES = 5;

const notesOf = (source: FilesSource, filter: FileFilter, special: readonly string[]): string[] => [
  ...filter
    .unmatched()
    .map(({ option, glob }) => `${source.name}: "${glob}" of ${option} matches nothing there`),
  ...(special.length === 0
    ? []
    : [
        `${source.name}: left out, as sockets, pipes and devices hold no data: ${special.slice(0, MOST_NAMES).join(', ')}${special.length > MOST_NAMES ? ` and ${special.length - MOST_NAMES} more` : ''}`,
      ]),
];

const refuseSource = (source: FilesSource, problems: readonly string[]): BackupError =>
  new BackupError(
    'source-refused',
    `the source "${source.name}" (${source.path}) can't be backed up: ${problems.slice(0, 5).join('; ')}${problems.length > 5 ? `; and ${problems.length - 5} more` : ''}`,
    { file: source.path, problems },
  );
