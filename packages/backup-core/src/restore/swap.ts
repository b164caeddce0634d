import { kindOf } from '../kind/kinds.ts';
import type { DataSource, DiskOption } from '../types.ts';
import { contextOf } from './context.ts';
import type { StagedTarget } from './staged-target.ts';

/** How to reach what lies on no disk. */
export interface RestoreOptions extends DiskOption {
  /** The sources as configured: how to reach data that is no file. */
  readonly sources?: readonly DataSource[];
  readonly signal?: AbortSignal | undefined;
}

/**
 * Puts staged data in place of what is live, which is kept whole under `previous`. What is still to do is
 * decided by what exists, so that it can be run again after a kill at any point. The service must be stopped.
 *
 * @throws BackupError `swap-conflict`
 */
export const swapIn = async (
  targets: readonly StagedTarget[],
  options: RestoreOptions = {},
): Promise<void> => {
  const context = contextOf(options);
  for (const target of targets) await kindOf(target).swapIn(target, context);
};

/**
 * The reverse of {@link swapIn}: what was live is live again, what was staged is staged again. Undoes a
 * swap that was cut off too, and can be run again after a kill at any point.
 *
 * @throws BackupError `swap-conflict`
 */
export const swapBack = async (
  targets: readonly StagedTarget[],
  options: RestoreOptions = {},
): Promise<void> => {
  const context = contextOf(options);
  for (const target of [...targets].reverse()) await kindOf(target).swapBack(target, context);
};

/**
 * Removes what a restore staged and what it put aside. With the sources as configured, and the restore's id, that of
 * a staging too that was killed before it told its targets: see {@link restoreTargets}.
 */
export const discardWork = async (
  targets: readonly StagedTarget[],
  options: RestoreOptions = {},
): Promise<void> => {
  const context = contextOf(options);
  for (const target of targets) await kindOf(target).discard(target, context);
};

/** Where a restore of this id puts things. Pure. */
export const restoreTargets = (sources: readonly DataSource[], id: string): StagedTarget[] =>
  sources.map((source) => kindOf(source).target(source, id));

/** The data of a restore that is live now, as sources for a proof. */
export const liveSources = (
  targets: readonly StagedTarget[],
  options: Pick<RestoreOptions, 'sources'> = {},
): DataSource[] =>
  targets.map((target) => kindOf(target).asSource(target, 'live', contextOf(options)));

/** What a restore has staged, as sources for a proof: a drill of a database ends there, and is never swapped in. */
export const stagedSources = (
  targets: readonly StagedTarget[],
  options: Pick<RestoreOptions, 'sources'> = {},
): DataSource[] =>
  targets.map((target) => kindOf(target).asSource(target, 'staged', contextOf(options)));

/**
 * What a restore put aside, as sources of a backup: whole, without the configured filters, since what they leave
 * out of a backup was put aside too.
 */
export const putAsideSources = async (
  targets: readonly StagedTarget[],
  options: RestoreOptions = {},
): Promise<DataSource[]> => {
  const context = contextOf(options);
  const sources: DataSource[] = [];
  for (const target of targets)
    if (await kindOf(target).isAside(target, context))
      sources.push(kindOf(target).asSource(target, 'previous', context));
  return sources;
};
