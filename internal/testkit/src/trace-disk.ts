import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';

/** A file or folder that got its name by `link` or `rename`. */
export interface Named {
  readonly to: string;
  /** What of it would be lost, or torn, if the power failed right then: itself, or what lies in it. */
  readonly unsynced: readonly string[];
}

/** The process told others of what it did: it connected to one, or wrote to its standard output. */
export interface Told {
  readonly by: 'connection' | 'output';
  /** What of the folder that is looked at would be lost, or torn, if the power failed right then. */
  readonly unsynced: readonly string[];
}

export interface Traced {
  readonly stdout: string;
  readonly named: readonly Named[];
  readonly told: readonly Told[];
  /** Folders with names given to or taken from them that were not fsynced before the process ended. */
  readonly unsyncedFolders: readonly string[];
}

const CREATING = ['mkdir', 'mkdirat', 'symlink', 'symlinkat'];
const NAMING = ['link', 'linkat', 'rename', 'renameat', 'renameat2'];
const WRITING = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate', 'fchmod'];
const SYNCING = ['fsync', 'fdatasync'];
const CHANGING = ['chmod', 'fchmodat', 'lchown', 'fchownat'];
const REMOVING = ['unlink', 'unlinkat'];
const CALLS = [
  'openat',
  'connect',
  ...REMOVING,
  ...CREATING,
  ...CHANGING,
  ...NAMING,
  ...WRITING,
  ...SYNCING,
];

interface Call {
  readonly name: string;
  readonly rest: string;
  readonly isDone: boolean;
}

/** A connection in the making has not failed. */
const hasFailed = (line: string): boolean => / = -1 E(?!INPROGRESS)/.test(line);

/** One line of strace for each call that began and each that ended; one that no other came between is both. */
const callsOf = (trace: string): Call[] => {
  const begun = new Map<string, Call>();
  return trace.split('\n').flatMap((line): Call[] => {
    const thread = line.split(' ', 1)[0] ?? '';
    const resumed = begun.get(thread);
    if (line.includes(' resumed>')) {
      begun.delete(thread);
      return resumed === undefined || hasFailed(line) ? [] : [{ ...resumed, isDone: true }];
    }
    const [, name = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (name === '') return [];
    if (line.endsWith('<unfinished ...>')) {
      begun.set(thread, { name, rest, isDone: false });
      return [{ name, rest, isDone: false }];
    }
    return hasFailed(line) ? [] : [{ name, rest, isDone: true }];
  });
};

const quoted = (rest: string): string[] =>
  [...rest.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
const opened = (rest: string): string => /^\d+<([^>]*)>/.exec(rest)?.[1] ?? '';
const isInside = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);

const readTrace = (trace: string, root: string): Omit<Traced, 'stdout'> => {
  /** Written since their last fsync; folders: names given or taken. */
  const unsynced = new Set<string>();
  const named: Named[] = [];
  const told: Told[] = [];
  const unsyncedIn = (top: string) => [...unsynced].filter((path) => isInside(path, top));
  const folders = new Set<string>();
  const changeFolder = (path: string) => {
    unsynced.add(dirname(path));
    folders.add(dirname(path));
  };
  for (const { name, rest, isDone } of callsOf(trace)) {
    if (name === 'connect') {
      if (rest.includes('sin_port')) told.push({ by: 'connection', unsynced: unsyncedIn(root) });
    } else if (WRITING.includes(name) && rest.startsWith('1<'))
      told.push({ by: 'output', unsynced: unsyncedIn(root) });
    else if (WRITING.includes(name)) unsynced.add(opened(rest));
    else if (SYNCING.includes(name)) {
      if (isDone) unsynced.delete(opened(rest));
    } else if (!isDone) continue;
    else if (name === 'openat') {
      if (rest.includes('O_CREAT')) unsynced.add(dirname(quoted(rest)[0] ?? ''));
    } else if (CHANGING.includes(name)) unsynced.add(quoted(rest)[0] ?? '');
    else if (REMOVING.includes(name)) unsynced.delete(quoted(rest)[0] ?? '');
    else if (CREATING.includes(name)) {
      unsynced.add(dirname(quoted(rest).at(-1) ?? ''));
    } else {
      const [from = '', to = ''] = quoted(rest);
      named.push({ to, unsynced: unsyncedIn(from) });
      changeFolder(to);
      if (name.startsWith('rename')) {
        changeFolder(from);
        for (const path of unsyncedIn(from)) {
          unsynced.delete(path);
          unsynced.add(to + path.slice(from.length));
        }
      }
    }
  }
  return { named, told, unsyncedFolders: [...folders].filter((path) => unsynced.has(path)) };
};

/**
 * Runs a script of Node's under strace, and reads what was durable at each moment that something got its name or was told.
 *
 * @param root the folder that is looked at; the trace itself is written into it
 * @param script file and arguments
 * @param input what it reads: secrets are no arguments
 */
export const traceDisk = async (
  root: string,
  script: readonly string[],
  input = '',
): Promise<Traced> => {
  const trace = join(root, '.trace');
  const strace = ['-f', '-qq', '-y', '-s', '0', '-o', trace, '-e', `trace=${CALLS.join(',')}`];
  const child = spawn('strace', [...strace, process.execPath, '--no-warnings', ...script], {
    stdio: 'pipe',
  });
  child.stdin.end(input);
  const [stdout, stderr, [status]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  if (status !== 0) throw new Error(`the traced process failed: ${stderr}`);
  return { stdout, ...readTrace(await readFile(trace, 'utf8'), root) };
};
