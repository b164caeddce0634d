import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A file or folder that got its name by `link` or `rename`. */
export interface Named {
  readonly to: string;
  /** What of it would be lost, or torn, if the power failed right then: itself, or what lies in it. */
  readonly unsynced: readonly string[];
}

export interface Traced {
  readonly stdout: string;
  readonly named: readonly Named[];
  /** Folders with names given to or taken from them that were not fsynced before the process ended. */
  readonly unsyncedFolders: readonly string[];
}

const CREATING = ['mkdir', 'mkdirat', 'symlink', 'symlinkat'];
const NAMING = ['link', 'linkat', 'rename', 'renameat', 'renameat2'];
const WRITING = ['write', 'pwrite64', 'writev', 'pwritev', 'pwritev2', 'ftruncate', 'fchmod'];
const SYNCING = ['fsync', 'fdatasync'];
const CHANGING = ['chmod', 'fchmodat', 'lchown', 'fchownat'];
const CALLS = ['openat', ...CREATING, ...CHANGING, ...NAMING, ...WRITING, ...SYNCING];

interface Call {
  readonly name: string;
  readonly rest: string;
  readonly isDone: boolean;
}

/** One line of strace for each call that began and each that ended; one that no other came between is both. */
const callsOf = (text: string): Call[] => {
  const begun = new Map<string, Call>();
  return text.split('\n').flatMap((line): Call[] => {
    const thread = line.split(' ', 1)[0] ?? '';
    const resumed = begun.get(thread);
    if (line.includes(' resumed>')) {
      begun.delete(thread);
      const hasFailed = / = -1 E/.test(line);
      return resumed === undefined || hasFailed ? [] : [{ ...resumed, isDone: true }];
    }
    const [, name = '', rest = ''] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
    if (name === '') return [];
    if (line.endsWith('<unfinished ...>')) {
      begun.set(thread, { name, rest, isDone: false });
      return [{ name, rest, isDone: false }];
    }
    return / = -1 E/.test(line) ? [] : [{ name, rest, isDone: true }];
  });
};

const quoted = (rest: string): string[] =>
  [...rest.matchAll(/"([^"]*)"/g)].map(([, path = '']) => path);
const opened = (rest: string): string => /^\d+<([^>]*)>/.exec(rest)?.[1] ?? '';
const isInside = (path: string, top: string): boolean => path === top || path.startsWith(`${top}/`);

const readTrace = (text: string): Omit<Traced, 'stdout'> => {
  /** Written since their last fsync; folders: names given or taken. */
  const unsynced = new Set<string>();
  const named: Named[] = [];
  const folders = new Set<string>();
  const changeFolder = (path: string) => {
    unsynced.add(dirname(path));
    folders.add(dirname(path));
  };
  for (const { name, rest, isDone } of callsOf(text)) {
    if (WRITING.includes(name)) unsynced.add(opened(rest));
    else if (SYNCING.includes(name)) {
      if (isDone) unsynced.delete(opened(rest));
    } else if (!isDone) continue;
    else if (name === 'openat') {
      if (rest.includes('O_CREAT')) unsynced.add(dirname(quoted(rest)[0] ?? ''));
    } else if (CHANGING.includes(name)) unsynced.add(quoted(rest)[0] ?? '');
    else if (CREATING.includes(name)) {
      const path = quoted(rest).at(-1) ?? '';
      unsynced.add(dirname(path));
      if (name.startsWith('mkdir')) unsynced.add(path);
    } else {
      const [from = '', to = ''] = quoted(rest);
      named.push({ to, unsynced: [...unsynced].filter((path) => isInside(path, from)) });
      changeFolder(to);
      if (name.startsWith('rename')) {
        changeFolder(from);
        for (const path of [...unsynced].filter((each) => isInside(each, from))) {
          unsynced.delete(path);
          unsynced.add(to + path.slice(from.length));
        }
      }
    }
  }
  return { named, unsyncedFolders: [...folders].filter((path) => unsynced.has(path)) };
};

/** Runs a script under strace, and reads what was durable at each moment that something got its name. */
export const traceNames = async (trace: string, script: string[]): Promise<Traced> => {
  const { error, status, stdout, stderr } = spawnSync(
    'strace',
    [
      ...['-f', '-qq', '-y', '-s', '0', '-o', trace, '-e', `trace=${CALLS.join(',')}`],
      ...[process.execPath, '--no-warnings', ...script],
    ],
    { encoding: 'utf8', timeout: 120_000 },
  );
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`the traced process failed: ${stderr}`);
  return { stdout, ...readTrace(await readFile(trace, 'utf8')) };
};
