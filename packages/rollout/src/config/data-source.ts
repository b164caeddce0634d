import { resolve } from 'node:path';
import type { DataSource } from '@dhash/backup-core';
import { duration, present } from './parsed.ts';
import type { EnvironmentInput } from './schema.ts';
import type { CommandEnvironment } from './types.ts';

/** What programs of a source get, as commands of the environment do. */
const programVariables = ({ given, withheld }: CommandEnvironment) => ({
  ...Object.fromEntries(withheld.map((name) => [name, undefined])),
  ...given,
});

/** Where a source's own paths and commands belong. Folders are absolute. */
interface SourcePlace {
  /** Folder of rollout.yaml. */
  readonly root: string;
  /** Folder of the backups. */
  readonly backups: string;
  readonly commands: CommandEnvironment;
}

/** A source as the libraries take it. */
export const dataSourceOf = (
  source: EnvironmentInput['data'][number],
  { root, backups, commands: variables }: SourcePlace,
): DataSource => {
  switch (source.type) {
    case 'postgres':
      return { ...source, env: programVariables(variables) };
    case 'command':
    case 'external': {
      const { timeout, ...commands } = source;
      // Its dumps wait beside the backups: there is room, and a place that is kept from data.
      return {
        ...present(commands),
        folder: backups,
        cwd: root,
        timeoutMs: duration(timeout),
        env: programVariables(variables),
      };
    }
    default:
      return { ...present(source), path: resolve(root, source.path) };
  }
};

/** Those that lie at a path of this machine. */
export const onDisk = (data: readonly DataSource[]) => data.filter((source) => 'path' in source);
