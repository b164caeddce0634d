import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A process that has a file open or mapped. */
export interface Holder {
  readonly pid: number;
  /** Its command line, cut to a length that fits into a sentence. */
  readonly command: string;
  /** What it holds, as the kernel names it; of a listening socket, its address. */
  readonly path: string;
}

/** What was asked of all processes, and what could not be. */
export interface OpenFiles {
  /** False where there is no /proc: nothing was looked at. */
  readonly looked: boolean;
  readonly holders: readonly Holder[];
  /** Processes whose open files this user may not see. */
  readonly unseen: number;
}

export interface Wanted {
  /** Single files: a database and what lies beside it. One that does not exist is held by nobody. */
  readonly files: readonly string[];
  /** Folders: whatever lies below them. */
  readonly folders: readonly string[];
  /** Inodes of listening sockets, as /proc/net/tcp gives them. */
  readonly sockets?: readonly string[];
}

const shownCommandLength = 120;

/** Codes of a process that ended while it was looked at, or of a path that leads nowhere. */
const ended = ['ENOENT', 'ESRCH', 'EINVAL', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'];
const refused = ['EACCES', 'EPERM'];
const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException).code);

/** What `read` gives; `null` where the process ended meanwhile, `refused` where it is another user's. */
const orGone = async <T>(read: Promise<T>): Promise<T | null | 'refused'> => {
  try {
    return await read;
  } catch (error) {
    if (ended.includes(codeOf(error))) return null;
    if (refused.includes(codeOf(error))) return 'refused';
    throw error;
  }
};

const identity = ({ dev, ino }: Pick<BigIntStats, 'dev' | 'ino'>): string => `${dev}:${ino}`;

/** Inodes of all that lies below a folder: a process in another mount namespace names it otherwise. */
const inodesBelow = async (folder: string, into: Set<string>): Promise<Set<string>> => {
  const own = await orGone(lstat(folder, { bigint: true }));
  if (own === null || own === 'refused') return into;
  into.add(identity(own));
  if (!own.isDirectory()) return into;
  const names = await orGone(readdir(folder));
  if (names === null || names === 'refused') return into;
  for (const name of names) await inodesBelow(join(folder, name), into);
  return into;
};

interface Places {
  readonly files: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  readonly folders: readonly { readonly path: string; readonly dev: bigint }[];
  readonly sockets: ReadonlySet<string>;
  /** Read once, and only where a process of another mount namespace has something open on that disk. */
  readonly inodes: () => Promise<ReadonlySet<string>>;
}

const placesOf = async ({ files, folders, sockets = [] }: Wanted): Promise<Places> => {
  const known = new Map<string, string>();
  const paths: string[] = [];
  for (const file of files) {
    const [facts, path] = [
      await orGone(stat(file, { bigint: true })),
      await orGone(realpath(file)),
    ];
    if (facts === null || facts === 'refused' || typeof path !== 'string') continue;
    known.set(identity(facts), path);
    paths.push(path);
  }
  const real: { path: string; dev: bigint }[] = [];
  for (const folder of folders) {
    const [facts, path] = [
      await orGone(stat(folder, { bigint: true })),
      await orGone(realpath(folder)),
    ];
    if (facts === null || facts === 'refused' || typeof path !== 'string') continue;
    real.push({ path, dev: facts.dev });
  }
  let inodes: Promise<Set<string>> | undefined;
  const collect = async () => {
    const all = new Set<string>();
    for (const { path } of real) await inodesBelow(path, all);
    return all;
  };
  return {
    files: known,
    paths,
    folders: real,
    sockets: new Set(sockets),
    inodes: () => (inodes ??= collect()),
  };
};

const isIn = (folder: string, path: string): boolean =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

/** `/data/x (deleted)`: a file that is held and has no name any more. */
const withoutMark = (path: string): string => path.replace(/ \(deleted\)$/, '');

/**
 * Whether a descriptor could be one of the wanted files, by what the kernel knows without asking the file's disk: one
 * on a disk that hangs would hold us up for good. Before Linux 5.14 only the name can tell.
 */
const mayBeFile = async (at: string, link: string, places: Places): Promise<boolean> => {
  const info = await orGone(readFile(at.replace('/fd/', '/fdinfo/'), 'utf8'));
  const inode = info === null ? undefined : /^ino:\s*(\d+)$/m.exec(info)?.[1];
  return inode === undefined
    ? places.paths.some((path) => basename(path) === basename(withoutMark(link)))
    : [...places.files.keys()].some((key) => key.endsWith(`:${inode}`));
};

/** What one descriptor holds of what is wanted; `null`: nothing. */
const heldBy = async (
  at: string,
  link: string,
  isElsewhere: boolean,
  places: Places,
): Promise<string | null> => {
  const socket = /^socket:\[(\d+)\]$/.exec(link)?.[1];
  if (socket !== undefined) return places.sockets.has(socket) ? link : null;
  if (!link.startsWith('/')) return null;
  if (!isElsewhere && places.folders.some(({ path }) => isIn(path, withoutMark(link)))) return link;
  if (!isElsewhere && !(await mayBeFile(at, link, places))) return null;
  const facts = await orGone(stat(at, { bigint: true }));
  if (facts === null || facts === 'refused') return null;
  if (places.files.has(identity(facts))) return link;
  if (!isElsewhere || !places.folders.some(({ dev }) => dev === facts.dev)) return null;
  return (await places.inodes()).has(identity(facts)) ? link : null;
};

/** A line of proc_pid_maps(5): `7f2c…-7f2c… rw-s 00000000 fe:01 1048602  /data/lib.db-shm` */
const mapping = /^\S+ \S+ \S+ \S+ (\d+)\s+(\/.*)$/;

const mappedBy = async (text: string, isElsewhere: boolean, places: Places) => {
  const byInode = new Map([...places.files].map(([key, path]) => [key.split(':')[1], path]));
  for (const line of text.split('\n')) {
    const [, inode, path] = mapping.exec(line) ?? [];
    if (inode === undefined || path === undefined) continue;
    const plain = withoutMark(path);
    if (!isElsewhere && places.folders.some((folder) => isIn(folder.path, plain))) return path;
    const known = byInode.get(inode);
    // Its device is written otherwise on some file systems: the inode and the last name have to do.
    if (known !== undefined && basename(known) === basename(plain)) return path;
  }
  return null;
};

const commandOf = (line: string): string => {
  const words = line.replaceAll('\0', ' ').trim();
  return words.length > shownCommandLength ? `${words.slice(0, shownCommandLength)}…` : words;
};

/** This process, and others that run the same script: a backup or a watch reads, and is no service. */
const isOurs = async (pid: number, line: string): Promise<boolean> => {
  if (pid === process.pid) return true;
  const [program, script] = [process.execPath, process.argv[1]];
  if (script === undefined || !line.split('\0').includes(script)) return false;
  return (await orGone(readlink(`/proc/${pid}/exe`))) === program;
};

type Looked = Holder | 'unseen' | null;

const lookAt = async (pid: number, own: string | null, places: Places): Promise<Looked> => {
  const at = `/proc/${pid}`;
  const line = await orGone(readFile(`${at}/cmdline`, 'utf8'));
  // Neither a kernel thread nor a zombie has a command line; neither holds a file.
  if (line === null || line === 'refused' || line === '' || (await isOurs(pid, line))) return null;
  const names = await orGone(readdir(`${at}/fd`));
  if (names === 'refused') return 'unseen';
  if (names === null) return null;
  const namespace = await orGone(readlink(`${at}/ns/mnt`));
  const isElsewhere = typeof namespace === 'string' && namespace !== own;
  for (const name of names) {
    const link = await orGone(readlink(`${at}/fd/${name}`));
    if (link === null || link === 'refused') continue;
    const path = await heldBy(`${at}/fd/${name}`, link, isElsewhere, places);
    if (path !== null) return { pid, command: commandOf(line), path };
  }
  if (places.files.size + places.folders.length === 0) return null;
  const maps = await orGone(readFile(`${at}/maps`, 'utf8'));
  if (maps === null || maps === 'refused') return null;
  const path = await mappedBy(maps, isElsewhere, places);
  return path === null ? null : { pid, command: commandOf(line), path };
};

/**
 * Which processes have any of `wanted` open or mapped, one line each; this toolkit's own do not count.
 * Linux only: elsewhere `looked` is false. A file that was deleted under a wanted folder counts too.
 */
export const whoHolds = async (wanted: Wanted): Promise<OpenFiles> => {
  if (process.platform !== 'linux') return { looked: false, holders: [], unseen: 0 };
  const places = await placesOf(wanted);
  if (places.files.size + places.folders.length + places.sockets.size === 0)
    return { looked: true, holders: [], unseen: 0 };
  const own = await orGone(readlink('/proc/self/ns/mnt'));
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const holders: Holder[] = [];
  let unseen = 0;
  for (const pid of pids) {
    const looked = await lookAt(pid, own, places);
    if (looked === 'unseen') unseen += 1;
    else if (looked !== null) holders.push(looked);
  }
  return { looked: true, holders, unseen };
};
