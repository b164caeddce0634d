import { resolve } from 'node:path';
import type { DataSource } from '@dhash/backup-core';
import { duration, present } from './parsed.ts';
import type { EnvironmentInput } from './schema.ts';

/** A source as the libraries take it. `root`: folder of rollout.yaml; `backups`: folder of the backups. Both absolute. */
export const dataSourceOf = (
  source: EnvironmentInput['data'][number],
  root: string,
  backups: string,
): DataSource => {
  switch (source.type) {
    case 'postgres':
      return source;
    case 'command': {
      const { timeout, ...commands } = source;
      // Its dumps wait beside the backups: there is room, and a place that is kept from data.
      return { ...present(commands), folder: backups, cwd: root, timeoutMs: duration(timeout) };
    }
    default:
      return { ...present(source), path: resolve(root, source.path) };
  }
};

/** Those that lie at a path of this machine. */
export const onDisk = (data: readonly DataSource[]) => data.filter((source) => 'path' in source);
