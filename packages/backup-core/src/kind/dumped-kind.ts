import type { FileHandle } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';
import { syncFolder } from '../disk.ts';
import type { ManifestSource } from '../manifest.ts';
import { placeObstacles } from '../put-back/place.ts';
import { sourceOfType } from '../restore/context.ts';
import { extractSource } from '../restore/extract.ts';
import { conflict, exists, move } from '../restore/move.ts';
import { type PathTarget, pathTarget } from '../restore/staged-target.ts';
import type { CommandSource, DataSource, ExternalSource } from '../types.ts';
import type { Captured, CaptureJob, DataKind, Proven, RestoreContext } from './data-kind.ts';
import { discardFolder } from './discard-folder.ts';
import { dumpedItem } from './dumped-item.ts';
import { unproven } from './unproven.ts';

/** The entry's name inside its source. */
const ENTRY = 'dump';

type Signal = AbortSignal | undefined;
type Dumped = CommandSource | ExternalSource;

/** What makes a kind whose data is known by one file: a dump, or a reference to what somebody else keeps. */
export interface DumpedKind<S extends Dumped> {
  readonly type: S['type'];
  /** Writes what is live now. Returns the bytes. @throws BackupError `command-failed` */
  readonly dump: (
    source: S,
    signal: Signal,
    onOutput: (part: Buffer) => Promise<void> | void,
  ) => Promise<number>;
  /** @throws BackupError `command-failed` where what the file holds or names is not sound */
  readonly verify: (source: S, file: string, signal: Signal) => Promise<void>;
  /** Makes it the data. May run again on the same file. */
  readonly load: (source: S, file: string, signal: Signal) => Promise<void>;
  /** @param file what it dumped */
  readonly facts: (source: S, file: string) => ManifestSource | Promise<ManifestSource>;
  readonly problems: (source: S) => string[];
  /** The same source, but what it dumps is what the file holds. */
  readonly asFile: (source: S, file: string) => S;
  /** Proof that what was loaded is live. */
  readonly prove: (source: S, signal: Signal) => Promise<Proven>;
}

/** Says that `load` has taken the whole of what was staged. */
const loadedMarker = ({ work, name }: PathTarget): string => join(work, name, 'loaded');

/**
 * A kind of one file. Not atomic, as a load is not: what is live is dumped before it, and one that was cut off is run
 * again, or undone by loading that dump.
 */
export const dumpedKind = <S extends Dumped>(kind: DumpedKind<S>): DataKind<S, PathTarget> => {
  const { type, dump, verify, load } = kind;
  // A target names a source of its own type, as `contextOf` found it.
  const sourceOf = (target: PathTarget, context: Pick<RestoreContext, 'sourceOf'>): S =>
    sourceOfType(type, target, context) as DataSource as S;
  const dumpInto = (source: S, to: FileHandle, signal: Signal) =>
    dump(source, signal, (part) => to.writeFile(part));

  const capture = async (source: S, job: CaptureJob): Promise<Captured> => {
    const copy = await job.newCopy('dump');
    const to = await job.disk.open(copy, 'r+');
    await dumpInto(source, to, job.signal).finally(() => to.close());
    return {
      ...(await dumpedItem(ENTRY, copy)),
      owner: null,
      unreadable: [],
      facts: async () => {
        await verify(source, copy, job.signal);
        return kind.facts(source, copy);
      },
    };
  };

  /** What is live now is dumped before anything is loaded: it is what an undo loads. */
  const putAside = async (
    source: S,
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

  const placeOf = ({ name, folder }: S, id: string): PathTarget =>
    pathTarget({ name, type, path: join(folder, name) }, id);

  return {
    isCapturedFirst: true,
    problems: (source) => [
      ...(isAbsolute(source.folder)
        ? []
        : [`the folder of the source "${source.name}" is not absolute: ${source.folder}`]),
      ...(source.cwd === undefined || isAbsolute(source.cwd)
        ? []
        : [`"cwd" of the source "${source.name}" is not absolute: ${source.cwd}`]),
      ...kind.problems(source),
    ],
    capture,
    obstacles: async (source, { disk, depth }) => {
      // The folder is made by the first backup.
      const isMade = await exists(source.folder);
      const found = isMade ? await placeObstacles(placeOf(source, 'room'), disk, depth) : [];
      return { found, room: null };
    },
    target: placeOf,
    stage: async (target, job) => {
      await extractSource({ ...job, target });
      await verify(sourceOf(target, job), target.staged, job.signal);
    },
    isAside: ({ previous }) => exists(previous),
    swapIn: async (target, context) => {
      const { disk, signal } = context;
      const source = sourceOf(target, context);
      const marker = loadedMarker(target);
      if (await exists(marker)) return;
      if (!(await exists(target.staged))) throw conflict(target, `${target.staged} is not there`);
      if (!(await exists(target.previous))) await putAside(source, target, context);
      await load(source, target.staged, signal);
      await (await disk.open(marker, 'w', 0o600)).close();
      await syncFolder(disk, join(target.work, target.name));
    },
    /** Loads what was put aside, if anything was: until then nothing had been loaded. */
    swapBack: async (target, context) => {
      const { disk, signal } = context;
      const { name, previous, work } = target;
      await disk.rm(`${previous}.part`, { recursive: false, force: true });
      if (!(await exists(previous))) return;
      await load(sourceOf(target, context), previous, signal);
      // The marker first: without what was put aside, it would say that the backup is live.
      await disk.rm(loadedMarker(target), { recursive: false, force: true });
      await syncFolder(disk, join(work, name));
      await disk.rm(previous, { recursive: false, force: true });
    },
    discard: ({ work }, { disk }) => discardFolder(disk, work),
    asSource: (target, which, context) => {
      const source = sourceOf(target, context);
      return which === 'live' ? source : kind.asFile(source, target[which]);
    },
    prove: async (source, _manifest, signal) => {
      try {
        return await kind.prove(source, signal);
      } catch (error) {
        if (signal?.aborted === true) throw error;
        return unproven(`${source.name}: ${messageOf(error)}`, null);
      }
    },
    // What one file says tells nothing of what was written since another.
    compare: async () => ({ added: [], changed: [], removed: [], tables: null }),
  };
};
