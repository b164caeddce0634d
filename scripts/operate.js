// What the operators' commands share: which sub-command they are, and which rollout.yaml they mean.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runModern } from '../packages/rollout/bin/run-modern.js';

const ownConfig = fileURLToPath(new URL('../rollout.yaml', import.meta.url));

/**
 * Runs a sub-command of `dhash-rollout`. Called from a folder without a rollout.yaml, it means the
 * one of this repository; `--config` wins over both. Other paths stay relative to the caller's folder.
 *
 * @param {readonly string[]} command e.g. `['notify', 'send']`
 * @param {readonly string[]} [args] the caller's own arguments
 */
export const operate = (command, args = process.argv.slice(2)) => {
  const named = args.some((arg) => arg === '--config' || arg.startsWith('--config='));
  const config = named || existsSync('rollout.yaml') ? [] : ['--config', ownConfig];
  return runModern([...command, ...config, ...args]);
};
