import { join } from 'node:path';
import type { EnvironmentConfig } from '../config/types.ts';
import type { OutputPlace } from '../process/output-place.ts';

/** Where we keep what belongs to a target, beside it: on its disk, seen from every checkout. */
const stateFolder = ({
  root,
  env,
  target,
}: Pick<EnvironmentConfig, 'root' | 'env' | 'target'>): string =>
  target.type === 'releases' ? join(target.root, '.rollout') : join(root, '.rollout', env);

/** Where the output of an environment's commands goes for as long as somebody writes to it. */
export const logsFolder = (config: Pick<EnvironmentConfig, 'root' | 'env' | 'target'>): string =>
  join(stateFolder(config), 'logs');

/** The place of one command's output. */
export const outputPlace = (
  config: Pick<EnvironmentConfig, 'root' | 'env' | 'target'>,
  name: string,
): OutputPlace => ({
  base: config.target.type === 'releases' ? config.target.root : config.root,
  folder: logsFolder(config),
  name,
});
