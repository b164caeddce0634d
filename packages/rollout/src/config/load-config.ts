import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { parseConfig, type RolloutFile } from './parse-config.ts';

export { ConfigError, isConfigError } from './config-error.ts';
export { environmentConfig } from './environment-config.ts';
export type { RolloutFile } from './parse-config.ts';

const unreadable = (file: string, cause: unknown): ConfigError => {
  const { code } = cause as NodeJS.ErrnoException;
  const message = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
  const hint = 'run in the folder that holds rollout.yaml, or name it: --config FILE';
  return new ConfigError([{ file, line: 0, column: 0, path: '', message, hint }], { cause });
};

/**
 * Reads rollout.yaml.
 *
 * @throws {ConfigError} where it can't be read, or with all that is wrong.
 */
export const loadConfig = async (path: string): Promise<RolloutFile> => {
  const file = resolve(path);
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    throw unreadable(file, error);
  }
  return parseConfig(text, file);
};
