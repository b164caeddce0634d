import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '@dhash/basics/message-of';
import { filesOfSource } from '../backup-files.ts';
import { sourceProblems } from '../backup-options.ts';
import { type Disk, realDisk } from '../disk.ts';
import { BackupError, isSystemError, systemSaid } from '../errors.ts';
import type { RestoreContext } from '../kind/data-kind.ts';
import { kindOf } from '../kind/kinds.ts';
import type { Manifest } from '../manifest.ts';
import { restoredBytes } from '../put-back/files-obstacles.ts';
import type { RoomNeed } from '../put-back/obstacle.ts';
import { shortageSentence, shortages } from '../put-back/room.ts';
import { type OpenBackup, openBackup } from '../read-backup.ts';
import type { DataSource, DiskOption, Progress } from '../types.ts';
import { verifyOpen } from '../verify-backup.ts';
import { contextOf } from './context.ts';
import { withFilters } from './files-target.ts';
import type { StagedTarget } from './staged-target.ts';
import { discardWork, restoreTargets } from './swap.ts';

export interface StageOptions extends DiskOption {
  /** Part of the folder's name beside the live data; the same restore has the same id. */
  readonly id: string;
  /** Where each source of the backup is live now. */
  readonly targets: readonly DataSource[];
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** A backup extracted beside the live data, checked and durable. */
export interface StagedRestore {
  readonly id: string;
  /** The backup's file. */
  readonly backup: string;
  readonly sha256: string;
  readonly manifest: Manifest;
  readonly targets: readonly StagedTarget[];
}

/**
 * Verifies a whole backup, then extracts it beside the live data. Nothing live is touched, and nothing is
 * written before everything has passed. Staging again under the same id starts afresh, unless that restore
 * has put data aside.
 *
 * @throws BackupError as `verifyBackup`, and `bad-option`, `not-restorable`, `no-space`, `write-failed`, `swap-conflict`, `sqlite-damaged`
 */
export const stageRestore = async (file: string, options: StageOptions): Promise<StagedRestore> => {
  const { disk = realDisk, id, signal } = options;
  const problems = sourceProblems(options.targets);
  if (problems.length > 0) throw new BackupError('bad-option', problems.join('; '), { problems });
  return openBackup(file, async (backup) => {
    const targets = restoreTargets(options.targets, id).map((target) =>
      withWhatStays(target, backup),
    );
    checkTargets(backup, options.targets);
    const { sha256, manifest } = await verifyOpen(backup, options);
    await checkSpace(backup, targets);
    const context = contextOf({ disk, signal, sources: options.targets });
    await refuseSwapped(targets, context);
    await discardWork(targets, { disk, sources: options.targets });
    try {
      await extractAll(backup, targets, disk, options);
      signal?.throwIfAborted();
    } catch (error) {
      await discardWork(targets, { disk, sources: options.targets }).catch((left: unknown) => {
        throw withWhatIsLeft(error, left);
      });
      if (!isSystemError(error)) throw error;
      throw new BackupError(
        'write-failed',
        `${file} could not be restored beside the live data: ${systemSaid(error)}. Nothing live was touched`,
        { file, cause: error },
      );
    }
    return { id, backup: file, sha256, manifest, targets };
  });
};

/** What the backup left out of a folder stays there. */
const withWhatStays = (target: StagedTarget, { manifest }: OpenBackup): StagedTarget => {
  const source = manifest.sources.find(({ name }) => name === target.name);
  return target.type === 'files' && source !== undefined ? withFilters(target, source) : target;
};

/** Why a restore was not staged is told first: its clean-up often fails for the same reason. */
const withWhatIsLeft = (error: unknown, left: unknown): unknown =>
  error instanceof BackupError
    ? new BackupError(
        error.code,
        `${error.message}\nWhat was restored beside the live data could not be removed: ${messageOf(left)}`,
        { cause: error },
      )
    : left;

const checkTargets = ({ file, manifest }: OpenBackup, targets: readonly DataSource[]): void => {
  const wanted = new Map(targets.map(({ name, type }) => [name, type]));
  const problems = manifest.sources.flatMap(({ name, type }) => {
    const given = wanted.get(name);
    wanted.delete(name);
    if (given === undefined) return [`the backup holds "${name}", which has no place to go to`];
    return given === type ? [] : [`"${name}" is of type ${type} in the backup and ${given} here`];
  });
  problems.push(...[...wanted.keys()].map((name) => `the backup holds no "${name}"`));
  if (problems.length > 0)
    throw new BackupError('not-restorable', `${file} does not fit: ${problems.join('; ')}`, {
      file,
      problems,
    });
};

const checkSpace = async (
  { file, files }: OpenBackup,
  targets: readonly StagedTarget[],
): Promise<void> => {
  const needs: RoomNeed[] = [];
  for (const target of targets) {
    // The disk of a database server is not ours to look at.
    if (target.type === 'postgres') continue;
    const folder = dirname(target.work);
    await stat(folder).catch((cause: unknown) => {
      throw new BackupError(
        'bad-option',
        `the folder ${folder} for "${target.name}" is not there`,
        {
          file: folder,
          cause,
        },
      );
    });
    let bytes = 0;
    for (const { line } of filesOfSource(files, target.name)) bytes += restoredBytes(line);
    needs.push({ target, bytes });
  }
  const [shortage] = await shortages(needs);
  if (shortage !== undefined)
    throw new BackupError(
      'no-space',
      `restoring ${file} ${shortageSentence(shortage)}; nothing was written`,
      { file },
    );
};

const refuseSwapped = async (
  targets: readonly StagedTarget[],
  context: RestoreContext,
): Promise<void> => {
  for (const target of targets)
    if (await kindOf(target).isAside(target, context))
      throw new BackupError(
        'swap-conflict',
        `this restore has already put the live data of "${target.name}" aside, at ${target.previous}: finish it or undo it first`,
        { file: target.previous },
      );
};

const extractAll = async (
  backup: OpenBackup,
  targets: readonly StagedTarget[],
  disk: Disk,
  options: StageOptions,
): Promise<void> => {
  const { signal, onProgress } = options;
  let bytes = 0;
  let entries = 0;
  const { files, manifest } = backup;
  const report = (entry: string, size: number) => {
    bytes += size;
    entries += 1;
    onProgress?.({
      phase: 'stage',
      bytes,
      totalBytes: manifest.totalBytes,
      entries,
      totalEntries: files.length,
      entry,
    });
  };
  const { sourceOf } = contextOf({ sources: options.targets });
  let checks = Promise.resolve();
  const checkMeanwhile = (check: () => Promise<void>) => {
    // One after the other: each has a thread and a page cache.
    checks = checks.then(check);
    // Awaited below; a failure must not count as unhandled until then.
    checks.catch(() => undefined);
  };
  const job = { backup, disk, signal, report, sourceOf, checkMeanwhile };
  try {
    for (const target of targets) await kindOf(target).stage(target, job);
  } finally {
    // Whatever failed: what is staged may be removed only when nobody reads it any more.
    await Promise.allSettled([checks]);
  }
  await checks;
};
