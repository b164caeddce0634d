import { join } from 'node:path';
import {
  type DataSource,
  discardWork,
  postgresAddressOf,
  restoreTargets,
  type StagedTarget,
  stagedSources,
  swapIn,
} from '@dhash/backup-core';
import { onDisk } from '../config/data-source.ts';
import type { RestoredAt } from './drill-environment.ts';
import { drillPlaces } from './places.ts';

/**
 * Where a drill restores to: files into a folder, each database on a server into a scratch database beside it. What
 * a command would load goes no further than its dump.
 */
export interface ScratchData {
  /** What a restore is staged for. */
  readonly targets: readonly DataSource[];
  /** Paths of what goes to the folder. */
  readonly paths: readonly string[];
  /** Names of the scratch databases. */
  readonly databases: readonly string[];
  /** Names of the sources whose dump is read, and loaded nowhere. */
  readonly notLoaded: readonly string[];
  /** The restored data, once it is settled; a dump is no data. */
  readonly sources: readonly DataSource[];
  readonly restored: readonly RestoredAt[];
  /** Puts staged files into their places. Nothing else is swapped in: its place is the live one. */
  settle(staged: readonly StagedTarget[]): Promise<void>;
  /** Drops the scratch databases. */
  drop(): Promise<void>;
}

/** @param folder for the files, absolute; @param id of the drill */
export const scratchData = (
  data: readonly DataSource[],
  folder: string,
  id: string,
): ScratchData => {
  const places = drillPlaces(folder, onDisk(data));
  const servers = data.filter((source) => source.type === 'postgres');
  const dumped = data.filter((source) => source.type === 'command' || source.type === 'external');
  const dumps = dumped.map((source) => ({ ...source, folder: join(folder, '..', 'dumps') }));
  const aside = restoreTargets(servers, id);
  const databases = aside.map(({ staged }) => staged);
  return {
    targets: [...places, ...servers, ...dumps],
    paths: [
      ...places.map(({ path }) => path),
      ...dumps.map(({ folder: at, name }) => join(at, name)),
    ],
    databases,
    notLoaded: dumps.map(({ name }) => name),
    sources: [...places, ...stagedSources(aside, { sources: servers })],
    restored: [
      ...places.map(({ name, path }) => ({ name, at: path })),
      ...servers.map(({ name, url }, index) => ({
        name,
        at: postgresAddressOf(url, databases[index] ?? ''),
        live: url,
      })),
    ],
    settle: async (staged) => {
      const files = staged.filter(({ type }) => type === 'files' || type === 'sqlite');
      await swapIn(files);
      await discardWork(files);
    },
    drop: () => discardWork(aside, { sources: servers }),
  };
};
