// @ts-check
// Runs on any Node: whoever types `node init.js` may have an older one than the service needs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const oldestMajor = 24;
const bin = fileURLToPath(
  new URL(
    `../../node_modules/node/bin/node${process.platform === 'win32' ? '.exe' : ''}`,
    import.meta.url,
  ),
);

/**
 * Whether this Node runs TypeScript and has node:sqlite. Where it does not, the repository's own Node
 * runs the same command in its place, and this process ends as that one does.
 *
 * @param {string} script URL of the script that asks
 */
export const isOwnNode = (script) => {
  if (Number(process.versions.node.split('.')[0]) >= oldestMajor) return true;
  if (!existsSync(bin)) {
    process.stderr.write(
      `error: Node ${oldestMajor} is needed, this is ${process.versions.node}; run: npm ci\n`,
    );
    process.exitCode = 2;
    return false;
  }
  const child = spawn(bin, [fileURLToPath(script), ...process.argv.slice(2)], { stdio: 'inherit' });
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
  for (const signal of signals) process.on(signal, () => child.kill(signal));
  child.once('error', (error) => {
    process.stderr.write(`error: ${bin} does not start: ${error.message}; run: npm ci\n`);
    process.exit(2);
  });
  child.once('exit', (code, signal) =>
    process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
  );
  return false;
};
