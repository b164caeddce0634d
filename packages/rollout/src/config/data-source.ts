import { join, resolve } from 'node:path';
import type { DataSource } from '@dhash/backup-core';
import { databasesInside, withoutDatabases } from './databases-inside.ts';
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

/**
 * The sources of an entry of `data`, as the libraries take them: a folder of files that holds its databases is one, and each
 * of those another.
 */
export const dataSourcesOf = (
  source: EnvironmentInput['data'][number],
  { root, backups, commands: variables }: SourcePlace,
): DataSource[] => {
  switch (source.type) {
    case 'postgres':
      return [{ ...source, env: programVariables(variables) }];
    case 'command':
    case 'external': {
      const { timeout, ...commands } = source;
      return [
        {
          ...present(commands),
          // Its dumps wait beside the backups: there is room, and a place that is kept from data.
          folder: backups,
          cwd: root,
          timeoutMs: duration(timeout),
          env: programVariables(variables),
        },
      ];
    }
    case 'sqlite':
      return [{ ...source, path: resolve(root, source.path) }];
    case 'files': {
      const { sqlite = [], ...folder } = source;
      const path = resolve(root, folder.path);
      if (sqlite.length === 0) return [{ ...present(folder), path }];
      const exclude = [...(folder.exclude ?? []), ...withoutDatabases(sqlite)];
      return [
        { ...present(folder), path, exclude },
        ...databasesInside(folder.name, sqlite).map(
          (database): DataSource => ({
            name: database.name,
            type: 'sqlite',
            path: join(path, database.path),
          }),
        ),
      ];
    }
  }
};

/** Those that lie at a path of this machine. */
export const onDisk = (data: readonly DataSource[]) => data.filter((source) => 'path' in source);
