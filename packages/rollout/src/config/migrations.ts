import { resolve } from 'node:path';
import type { DataSource } from '@dhash/backup-core';
import { duration } from './parsed.ts';
import type { EnvironmentInput } from './schema.ts';
import type { MigrationsConfig } from './types.ts';

const lockTimeout = '5s';
const commandTimeout = '30m';

/** What is declared, with its defaults; `null`: nothing is. @param root folder of rollout.yaml */
export const migrationsOf = (
  input: EnvironmentInput['migrations'],
  data: readonly DataSource[],
  root: string,
): MigrationsConfig | null => {
  if (input === undefined) return null;
  const { dir, database, status, up, online } = input;
  if (status !== undefined && up !== undefined)
    return {
      type: 'commands',
      ...{ status, up, online },
      down: input.down ?? null,
      to: input.to ?? null,
      timeoutMs: duration(input.timeout ?? commandTimeout),
    };
  const source = data.find(({ name }) => name === database);
  if (dir === undefined || (source?.type !== 'sqlite' && source?.type !== 'postgres')) return null;
  return {
    type: 'sql',
    dir: resolve(root, dir),
    database: source,
    online,
    lockTimeoutMs: duration(input.lockTimeout ?? lockTimeout),
  };
};
