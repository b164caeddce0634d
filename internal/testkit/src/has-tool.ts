import { spawnSync } from 'node:child_process';

/** Whether a system test can run here. In CI everything is there, and what is missing is to fail. */
export const hasTool = (command: string): boolean =>
  process.env['CI'] !== undefined || spawnSync(command, ['--version']).error === undefined;
