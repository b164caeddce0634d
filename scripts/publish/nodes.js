import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The lowest Node that an `engines.node` promises: `>=22.16` is 22.16.0. @param {string} range */
export const lowestNode = (range) => {
  const [, major, minor = '0', patch = '0'] = /^>=(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(range) ?? [];
  if (major === undefined)
    throw new Error(`engines.node must be a lowest version like >=22.16, got ${range}`);
  return `${major}.${minor}.${patch}`;
};

/** Whether a Node is the lowest one promised, or later. @param {string} version @param {string} lowest */
export const isAtLeast = (version, lowest) =>
  version.localeCompare(lowest, 'en', { numeric: true }) >= 0;

/**
 * Installs that Node from the registry, by the package that carries it.
 * @param {string} version
 * @param {string} into a folder that is made for it
 * @param {(args: readonly string[], cwd: string) => Promise<string>} npm
 * @returns {Promise<string>} its file
 */
export const installNode = async (version, into, npm) => {
  await mkdir(into);
  await writeFile(join(into, 'package.json'), '{ "name": "a-node", "private": true }');
  await npm(['install', '--no-audit', '--no-fund', `node@${version}`], into);
  const file = join(into, 'node_modules/node/bin/node');
  const { stdout } = await exec(file, ['--version']);
  if (stdout.trim() !== `v${version}`) throw new Error(`expected v${version}, got ${stdout}`);
  return file;
};
