// Starts the command line in a Node that is new enough. This file runs on old Nodes too: plain
// JavaScript, and nothing but `node:` is imported before the version is known.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { useCompileCache } from './compile-cache.js';

// zlib.crc32 and node:sqlite's backup came with 22.16; later majors have both.
const oldestMajor = 22;
const oldestMinor = 16;

const usageExit = 2;
const unexpectedExit = 70;

/** As scripts/rollout.sh has it: where memory is plenty, Node would keep 130 MB of garbage of its own accord. */
const littleGarbage = '--max-semi-space-size=4';

/** Environment variable that tells the child that its end is tied to its starter's. */
const startedByOldNode = 'ROLLOUT_STARTED_BY_OLD_NODE';

/** The built command line. `URL`s, because the way there is the same in a checkout and in node_modules. */
const commandLine = new URL('../dist/cli/main.js', import.meta.url);
/** Set in a checkout of the repository only: a published package has no `src`. */
const checkout = existsSync(new URL('../src/index.ts', import.meta.url))
  ? new URL('../../../', import.meta.url)
  : null;

/** @param {string} version e.g. `22.16.0` */
const isModern = (version) => {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
};

/** @param {string} sentence what is wrong and what to run */
const refuse = (sentence) => {
  process.stderr.write(`error: ${sentence}\n`);
  process.exitCode = usageExit;
};

/**
 * Runs the command line with `args` in this process, or in the repository's own Node where this one
 * is too old. Sets `process.exitCode`; says in one sentence what to run where something is missing.
 *
 * @param {readonly string[]} args the sub-command and what follows it
 */
export const runModern = async (args) => {
  if (checkout !== null && !existsSync(new URL('node_modules', checkout)))
    return refuse('the dependencies are not installed; run: npm ci');
  if (!isModern(process.versions.node)) return runInOwnNode(args);
  if (!existsSync(commandLine)) return refuse('the packages are not built; run: npm run build');
  endWithStarter();
  useCompileCache();
  try {
    /** @type {CommandLine} */
    const { asProcess, main } = await import(commandLine.href);
    await asProcess(() => main(args));
  } catch (error) {
    if (isMissingModule(error)) return refuse(missingModule(error));
    // Not left to Node, whose exit code 1 would claim that all is as it was before.
    process.stderr.write(`unexpected fault: ${error instanceof Error ? error.stack : error}\n`);
    process.exitCode = unexpectedExit;
  }
};

/**
 * Where an old Node started this one, people see and signal that process: `kill -9` of it must end
 * the program too, and closes the channel.
 */
const endWithStarter = () => {
  if (process.env[startedByOldNode] === undefined) return;
  delete process.env[startedByOldNode];
  const end = () => process.kill(process.pid, 'SIGKILL');
  if (!process.connected) end();
  process.once('disconnect', end);
  process.channel?.unref();
};

/**
 * @typedef {object} CommandLine
 * @property {(args: readonly string[]) => Promise<number>} main
 * @property {(work: () => Promise<number>) => Promise<void>} asProcess
 */

/** @param {unknown} error @returns {error is Error} */
const isMissingModule = (error) =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

/** A missing built file wants a build, a missing dependency an install. @param {Error} error */
const missingModule = (error) => {
  const missing = error.message.replace(/ imported from .*/s, '');
  return `${missing}; run: ${/[\\/]dist[\\/]/.test(missing) ? 'npm run build' : 'npm ci'}`;
};

/** @param {readonly string[]} args */
const runInOwnNode = async (args) => {
  const name = process.platform === 'win32' ? 'node.exe' : 'node';
  const own = checkout === null ? null : new URL(`node_modules/node/bin/${name}`, checkout);
  const need = `Node ${oldestMajor}.${oldestMinor} or newer is needed, this is ${process.versions.node}`;
  if (own === null)
    return refuse(
      `${need}; install a newer one, or: npx -p node@24 -p @dhash/rollout dhash-rollout`,
    );
  if (!existsSync(own))
    return refuse(`${need}, and the repository’s own is not installed; run: npm ci`);
  const bin = fileURLToPath(new URL('./dhash-rollout.js', import.meta.url));
  // spawn, not spawnSync, which leaves an orphan on SIGTERM; the channel tells the child of our end.
  const child = spawn(fileURLToPath(own), [littleGarbage, bin, ...args], {
    env: { ...process.env, [startedByOldNode]: '1' },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
  /** @param {NodeJS.Signals} signal */
  const forward = (signal) => child.kill(signal);
  // They stay on to the end of this process: what is done is not to look interrupted.
  for (const signal of signals) process.on(signal, forward);
  await new Promise((resolve) => {
    child.once('error', (error) => {
      refuse(`${fileURLToPath(own)} does not start: ${error.message}; run: npm ci`);
      resolve(undefined);
    });
    child.once('exit', (code, signal) => {
      process.exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal]);
      resolve(undefined);
    });
  });
};
