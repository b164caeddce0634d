import { dirname, join } from 'node:path';
import type { EnvironmentConfig } from '../config/types.ts';
import type { OutputPlace } from '../process/output-place.ts';

type Placed = Pick<EnvironmentConfig, 'root' | 'env' | 'state'>;

/** Beside the lock and the record; a target that names no place for those has its own beside rollout.yaml. */
const folderOf = ({ root, env, state }: Placed): string => state ?? join(root, '.rollout', env);

/** Where the output of an environment's commands goes for as long as somebody writes to it. */
export const logsFolder = (config: Placed): string => join(folderOf(config), 'logs');

/** The place of one command's output. */
export const outputPlace = (config: Placed, name: string): OutputPlace => ({
  base: config.state === null ? config.root : dirname(config.state),
  folder: logsFolder(config),
  name,
});
