import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

/**
 * Where everything lies that the toolkit writes. Lock and records lie where the target is, so that
 * all checkouts see the same ones; the rest lies below the folder of rollout.yaml, with a link to
 * each record.
 */
export interface Layout {
  readonly root: string;
  /** Where the records lie that all checkouts share; `null`: in `rollouts` and `monitorLogs`. */
  readonly shared: SharedLayout | null;
  /** Links to the shared records; those that were written before there were any lie here themselves. */
  readonly rollouts: string;
  readonly notifications: string;
  readonly incidents: string;
  /** As `rollouts`, for what watches wrote. */
  readonly monitorLogs: string;
  /** Where a run lies, or, where there is none yet, is to lie. Looks at the disk. */
  run(run: string): RunLayout;
  /** A path of a shared record as people know it: by its link, where that is there. */
  linked(path: string): string;
}

export interface SharedLayout {
  readonly runs: string;
  readonly monitor: string;
}

export interface RunLayout {
  readonly folder: string;
  readonly journal: string;
  readonly inbox: string;
  readonly monitor: string;
  readonly samples: string;
  readonly baseline: string;
  readonly summary: string;
  readonly report: string;
  readonly incident: string;
}

const sharedIn = (state: string): SharedLayout => ({
  runs: join(state, 'runs'),
  monitor: join(state, 'monitor'),
});

/** A path below `from`, as it lies below `to`, where its first folder is there. */
const moved = (path: string, from: string, to: string): string | null => {
  const below = relative(from, path);
  const [run = ''] = below.split(sep);
  if (run === '' || run === '..' || !existsSync(join(to, run))) return null;
  return join(to, below);
};

/**
 * @param root folder of rollout.yaml
 * @param state folder of an environment's records; `null`: they lie beside rollout.yaml
 */
export const layoutOf = (root: string, state: string | null = null): Layout => {
  const rollouts = join(root, 'rollouts');
  const monitorLogs = join(root, 'monitor_logs');
  const shared = state === null ? null : sharedIn(state);

  const folderOf = (run: string): string => {
    const own = join(rollouts, run);
    if (shared === null) return own;
    const common = join(shared.runs, run);
    return !existsSync(common) && existsSync(own) ? own : common;
  };
  const monitorOf = (run: string, folder: string): string => {
    const own = join(monitorLogs, run);
    if (shared === null) return own;
    const common = join(shared.monitor, run);
    if (existsSync(common)) return common;
    return existsSync(own) || folder === join(rollouts, run) ? own : common;
  };

  return {
    root,
    shared,
    rollouts,
    notifications: join(root, 'notifications'),
    incidents: join(root, 'incidents'),
    monitorLogs,
    run: (run) => {
      const folder = folderOf(run);
      const monitor = monitorOf(run, folder);
      return {
        folder,
        journal: join(folder, 'journal.ndjson'),
        inbox: join(folder, 'inbox'),
        monitor,
        samples: join(monitor, 'samples.ndjson'),
        baseline: join(monitor, 'baseline.ndjson'),
        summary: join(monitor, 'summary.json'),
        report: join(monitor, 'report.html'),
        incident: join(root, 'incidents', run),
      };
    },
    linked: (path) =>
      shared === null
        ? path
        : (moved(path, shared.runs, rollouts) ?? moved(path, shared.monitor, monitorLogs) ?? path),
  };
};

/** Where the record of the watch that wrote a sample log may lie, where that log lies where it was written. */
export const recordsBesideLog = (samplesFile: string): string[] => {
  if (basename(samplesFile) !== 'samples.ndjson') return [];
  const folder = dirname(samplesFile);
  const logs = dirname(folder);
  const records = { monitor_logs: 'rollouts', monitor: 'runs' }[basename(logs)];
  return records === undefined
    ? []
    : [join(dirname(logs), records, basename(folder), 'journal.ndjson')];
};
