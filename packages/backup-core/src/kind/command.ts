import { createReadStream } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';
import { syncFolder } from '../disk.ts';
import { BackupError } from '../errors.ts';
import { runProcess } from '../process/run-process.ts';
import { placeObstacles } from '../put-back/place.ts';
import { sourceOfType } from '../restore/context.ts';
import { extractSource } from '../restore/extract.ts';
import { conflict, exists, move } from '../restore/move.ts';
import { type PathTarget, pathTarget } from '../restore/staged-target.ts';
import type { CommandLine, CommandSource } from '../types.ts';
import type { Captured, CaptureJob, DataKind, RestoreContext } from './data-kind.ts';
import { discardFolder } from './discard-folder.ts';
import { dumpedItem } from './dumped-item.ts';
import { unproven } from './unproven.ts';

/** The entry's name inside its source. */
const ENTRY = 'dump';

type Signal = AbortSignal | undefined;

/** @throws BackupError `command-failed`, with the last words of the program */
const run = (
  { name, cwd, timeoutMs, env = {} }: CommandSource,
  command: CommandLine,
  which: string,
  io: Pick<Parameters<typeof runProcess>[0], 'input' | 'onOutput' | 'signal'>,
): Promise<number> =>
  runProcess({
    what: `the ${which} command of the source "${name}"`,
    command,
    cwd,
    timeoutMs,
    env,
    ...io,
  });

/** Whatever the exit says: nothing at all is no dump. */
const dump = async (
  source: CommandSource,
  signal: Signal,
  onOutput: (part: Buffer) => Promise<void> | void,
): Promise<number> => {
  const bytes = await run(source, source.dump, 'dump', { signal, onOutput });
  if (bytes > 0) return bytes;
  throw new BackupError(
    'command-failed',
    `the dump command of the source "${source.name}" printed nothing`,
  );
};

const dumpInto = (source: CommandSource, to: FileHandle, signal: Signal) =>
  dump(source, signal, (part) => to.writeFile(part));

const verify = async (source: CommandSource, file: string, signal: Signal): Promise<void> => {
  if (source.verify === undefined) return;
  await run(source, source.verify, 'verify', { input: createReadStream(file), signal });
};

const load = async (source: CommandSource, file: string, signal: Signal): Promise<void> => {
  await run(source, source.load, 'load', { input: createReadStream(file), signal });
};

const capture = async (source: CommandSource, job: CaptureJob): Promise<Captured> => {
  const copy = await job.newCopy('dump');
  const to = await job.disk.open(copy, 'r+');
  await dumpInto(source, to, job.signal).finally(() => to.close());
  return {
    ...(await dumpedItem(ENTRY, copy)),
    owner: null,
    unreadable: [],
    facts: async () => {
      await verify(source, copy, job.signal);
      return { name: source.name, type: 'command' };
    },
  };
};

const sourceOf = (target: PathTarget, context: Pick<RestoreContext, 'sourceOf'>) =>
  sourceOfType('command', target, context);

/** Says that `load` has taken the whole of what was staged. */
const loadedMarker = ({ work, name }: PathTarget): string => join(work, name, 'loaded');

/** What is live now is dumped before anything is loaded: it is what an undo loads. */
const putAside = async (
  source: CommandSource,
  { previous }: PathTarget,
  { disk, signal }: RestoreContext,
): Promise<void> => {
  const part = `${previous}.part`;
  const to = await disk.open(part, 'w', 0o600);
  try {
    await dumpInto(source, to, signal);
    await to.sync();
  } finally {
    await to.close();
  }
  await verify(source, part, signal);
  await move(disk, part, previous);
};

const swapIn = async (target: PathTarget, context: RestoreContext): Promise<void> => {
  const { disk, signal } = context;
  const source = sourceOf(target, context);
  const marker = loadedMarker(target);
  if (await exists(marker)) return;
  if (!(await exists(target.staged))) throw conflict(target, `${target.staged} is not there`);
  if (!(await exists(target.previous))) await putAside(source, target, context);
  await load(source, target.staged, signal);
  await (await disk.open(marker, 'w', 0o600)).close();
  await syncFolder(disk, join(target.work, target.name));
};

/** Loads what was put aside, if anything was: until then nothing had been loaded. */
const swapBack = async (target: PathTarget, context: RestoreContext): Promise<void> => {
  const { disk, signal } = context;
  const { name, previous, work } = target;
  await disk.rm(`${previous}.part`, { recursive: false, force: true });
  if (!(await exists(previous))) return;
  await load(sourceOf(target, context), previous, signal);
  // The marker first: without what was put aside, it would say that the backup is live.
  await disk.rm(loadedMarker(target), { recursive: false, force: true });
  await syncFolder(disk, join(work, name));
  await disk.rm(previous, { recursive: false, force: true });
};

/**
 * Whatever a pair of commands dumps and loads. Not atomic, as a load is not: what is live is dumped before it, and
 * one that was cut off is run again, or undone by loading that dump.
 */
export const commandKind: DataKind<CommandSource, PathTarget> = {
  isCapturedFirst: true,
  problems: ({ name, folder, cwd, dump: dumping, load: loading }) => [
    ...(isAbsolute(folder)
      ? []
      : [`the folder of the source "${name}" is not absolute: ${folder}`]),
    ...(cwd === undefined || isAbsolute(cwd)
      ? []
      : [`"cwd" of the source "${name}" is not absolute: ${cwd}`]),
    ...(dumping.length === 0 || loading.length === 0
      ? [`the source "${name}" needs a dump and a load command`]
      : []),
  ],
  capture,
  obstacles: async ({ name, folder }, { disk, depth }) => {
    const target = pathTarget({ name, type: 'command', path: join(folder, name) }, 'room');
    // It is made by the first backup.
    const found = (await exists(folder)) ? await placeObstacles(target, disk, depth) : [];
    return { found, room: null };
  },
  target: ({ name, folder }, id) =>
    pathTarget({ name, type: 'command', path: join(folder, name) }, id),
  stage: async (target, job) => {
    await extractSource({ ...job, target });
    await verify(sourceOf(target, job), target.staged, job.signal);
  },
  isAside: ({ previous }) => exists(previous),
  swapIn,
  swapBack,
  discard: ({ work }, { disk }) => discardFolder(disk, work),
  asSource: (target, which, context) => {
    const source = sourceOf(target, context);
    return which === 'live' ? source : { ...source, dump: ['cat', target[which]] };
  },
  // Dumps of the same data differ where they hold times: what was loaded is what passed its SHA-256 and `verify`.
  prove: async (source, _manifest, signal) => {
    try {
      const bytes = await dump(source, signal, () => undefined);
      return { problems: [], files: 1, bytes, tables: null };
    } catch (error) {
      if (signal?.aborted === true) throw error;
      return unproven(`${source.name}: ${messageOf(error)}`, null);
    }
  },
  // A dump tells nothing of what was written since another.
  compare: async () => ({ added: [], changed: [], removed: [], tables: null }),
};
