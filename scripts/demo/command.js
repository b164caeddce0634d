// @ts-check
import { spawn } from 'node:child_process';

/**
 * Runs a command as an operator would and shows what it prints, indented.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<{ exit: number, output: string }>}
 */
export const runShown = (command, args, options) =>
  new Promise((resolve, reject) => {
    process.stdout.write(`\n$ ${[command, ...args].join(' ')}\n`);
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let lineStart = true;
    const show = (/** @type {Buffer} */ chunk) => {
      const text = chunk.toString('utf8');
      output += text;
      for (const part of text.split(/(?<=\n)/)) {
        process.stdout.write(lineStart ? `  ${part}` : part);
        lineStart = part.endsWith('\n');
      }
    };
    child.stdout.on('data', show);
    child.stderr.on('data', show);
    child.on('error', reject);
    child.on('close', (code) => resolve({ exit: code ?? 70, output }));
  });
