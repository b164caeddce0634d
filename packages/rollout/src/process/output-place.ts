import {
  closeSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';

/** Where a command's output should go. */
export interface OutputPlace {
  /** Absolute; others may look into it: made with the usual rights where it is missing. */
  readonly base: string;
  /** Absolute, below `base`; made for this user alone. */
  readonly folder: string;
  /** First part of the file's name: `start` becomes `start-1.log`. */
  readonly name: string;
}

/** Where a command writes. */
export type OpenedOutput =
  /** A file that keeps its name for as long as somebody writes to it. */
  | { readonly kind: 'file'; readonly fds: readonly number[]; readonly file: string }
  /** A file whose name is gone already: of a command that leaves nobody behind. */
  | { readonly kind: 'nameless'; readonly fds: readonly number[] }
  /** No file could be made: we read along, or nobody does. */
  | { readonly kind: 'pipe' | 'nowhere'; readonly why: string };

/** Written and taken back to see whether there is room, bytes: a command's first words must not fail. */
const probeBytes = 65_536;

/** Below this limit on a file's size (`ulimit -f`) a command that talks would be ended by its own words. */
const leastLimitBytes = 64 * 1024 * 1024;

/** This process's own limit on the size of a file, which commands inherit; `null`: none, or not known. */
const fileSizeLimit = (): number | null => {
  try {
    const found = /^Max file size\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1];
    return found === undefined ? null : Number(found);
  } catch {
    // No /proc: nobody can tell.
    return null;
  }
};

/** Appending, so that a file that is cut while it is written goes on at its new end. */
const create = (file: string): number => {
  const fd = openSync(file, 'ax+', 0o600);
  try {
    writeSync(fd, Buffer.alloc(probeBytes));
    ftruncateSync(fd, 0);
    return fd;
  } catch (error) {
    closeSync(fd);
    unlinkSync(file);
    throw error;
  }
};

const isTaken = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'EEXIST';

/** `start-12.log`, `start-12.log.1`: the number tells the order in which they were begun. */
export const logName = /^(.+)-(\d+)\.log(?:\.(\d+))?$/;

const openNamed = ({ base, folder, name }: OutputPlace): OpenedOutput => {
  mkdirSync(base, { recursive: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const taken = readdirSync(folder).map((entry) => Number(logName.exec(entry)?.[2] ?? 0));
  for (let number = Math.max(0, ...taken) + 1; ; number += 1) {
    const file = join(folder, `${name}-${number}.log`);
    try {
      return { kind: 'file', fds: [create(file)], file };
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
  }
};

let made = 0;

/** Standard output and error apart, for a command whose answer is read. */
const openNameless = (folder: string): OpenedOutput => {
  made += 1;
  const fds: number[] = [];
  try {
    for (const which of ['out', 'err']) {
      const file = join(folder, `.rollout-output-${process.pid}-${made}-${which}`);
      fds.push(create(file));
      unlinkSync(file);
    }
    return { kind: 'nameless', fds };
  } catch (error) {
    for (const fd of fds) closeSync(fd);
    throw error;
  }
};

/**
 * Opens a place for a command's output. A full, read-only or limited disk never keeps a command from
 * running: its words then go through a pipe that we read, or (`isLeftBehind`: it leaves a process that
 * outlives us, whom a broken pipe would end) nowhere.
 */
export const openOutputPlace = (
  place: OutputPlace | null,
  {
    isLeftBehind,
    others = [tmpdir(), '/dev/shm'],
  }: {
    readonly isLeftBehind: boolean;
    /** Folders for a file without a name, where the named one has no room. */
    readonly others?: readonly string[];
  },
): OpenedOutput => {
  const limit = fileSizeLimit();
  const reasons: string[] = [];
  if (limit !== null && limit < leastLimitBytes)
    reasons.push(`files of this process end at ${limit} bytes (ulimit -f)`);
  else {
    const tries = [
      ...(place === null ? [] : [() => openNamed(place)]),
      ...(isLeftBehind ? [] : others.map((folder) => () => openNameless(folder))),
    ];
    for (const attempt of tries) {
      try {
        return attempt();
      } catch (error) {
        // Told with the command's result: where all fail, its output is not kept.
        reasons.push(messageOf(error));
      }
    }
  }
  return { kind: isLeftBehind ? 'nowhere' : 'pipe', why: reasons[0] ?? 'there is no place for it' };
};
