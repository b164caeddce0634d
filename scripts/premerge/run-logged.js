import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Runs a program to its end; what it says goes to the terminal and into `log`.
 *
 * @param {string} program
 * @param {readonly string[]} args
 * @param {{ cwd: string, log: string, env: NodeJS.ProcessEnv, shell?: boolean }} options
 * @returns {Promise<{ exit: number, said: string }>} exit code as a shell has it, and all that was said
 */
export const runLogged = async (program, args, { cwd, log, env, shell = false }) => {
  const child = spawn(program, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  /** @type {Buffer[]} */
  const said = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      said.push(chunk);
      process.stdout.write(chunk);
    });
  const closed = once(child, 'close');
  const [code] = await once(child, 'exit');
  // A service that was started may hold the pipes open for ever.
  await Promise.race([closed, sleep(1000, undefined, { ref: false })]);
  child.stdout.destroy();
  child.stderr.destroy();
  const text = Buffer.concat(said);
  await mkdir(dirname(log), { recursive: true });
  await writeFile(log, text);
  return { exit: code ?? 1, said: text.toString('utf8') };
};
