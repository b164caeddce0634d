import { join } from 'node:path';

/** Where everything lies that the toolkit writes, below the folder of rollout.yaml. */
export interface Layout {
  readonly root: string;
  readonly rollouts: string;
  readonly notifications: string;
  readonly incidents: string;
  readonly monitorLogs: string;
  run(run: string): RunLayout;
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

export const layoutOf = (root: string): Layout => ({
  root,
  rollouts: join(root, 'rollouts'),
  notifications: join(root, 'notifications'),
  incidents: join(root, 'incidents'),
  monitorLogs: join(root, 'monitor_logs'),
  run: (run) => {
    const folder = join(root, 'rollouts', run);
    const monitor = join(root, 'monitor_logs', run);
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
});
