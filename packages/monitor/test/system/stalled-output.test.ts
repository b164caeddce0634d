import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasTool, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';

const source = new URL('../../src/output/open-dropping-output.ts', import.meta.url).href;

/** Writes lines to `fd` 1 without end and says to its parent, after a mebibyte of them, that it still lives. */
const program = `
import { openDroppingOutput } from ${JSON.stringify(source)};
const output = openDroppingOutput(1);
for (let line = 0; line < 40000; line++) output.write('line ' + line + ' '.repeat(60) + '\\n');
process.stderr.write('alive, busy: ' + output.isBusy() + ', dropped: ' + (output.dropped() > 0) + '\\n');
const ended = await output.end(200);
process.stderr.write('end: ' + ended + '\\n');
`;

/** A pseudo-terminal that nobody reads; what the program says of itself goes on to our own standard error. */
const unreadTerminal = `
import os, pty, subprocess, sys
master, slave = pty.openpty()
sys.exit(subprocess.run(sys.argv[1:], stdin=slave, stdout=slave).returncode)
`;

const run = async (
  wrap: (file: string) => [string, string[]],
): Promise<{ said: string; code: number | null }> => {
  const file = join(await tempFolder(), 'writes.mjs');
  await writeFile(file, program);
  const [command, args] = wrap(file);
  // The pipe of standard output is there and is never read.
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += String(chunk);
  });
  const code = await new Promise<number | null>((resolve) => child.once('exit', resolve));
  child.stdout.destroy();
  return { said, code };
};

it.each([
  ['a socket', (file: string): [string, string[]] => [process.execPath, [file]]],
  // The shell's own pipe; what reads it never does.
  [
    'a pipe',
    (file: string): [string, string[]] => [
      'bash',
      ['-c', '"$0" "$1" > >(exec sleep 5)', process.execPath, file],
    ],
  ],
])('%s that nobody reads does not hold its writer', async (_, wrap) => {
  const { said, code } = await run(wrap);
  expect(said).toContain('alive, busy: true, dropped: true');
  expect(said).toContain('end: given up');
  expect(code).toBe(0);
});

it.runIf(hasTool('python3'))('nor does a terminal', async () => {
  const { said, code } = await run((file) => [
    'python3',
    ['-c', unreadTerminal, process.execPath, file],
  ]);
  expect(said).toContain('alive, busy: true, dropped: true');
  expect(said).toContain('end: given up');
  expect(code).toBe(0);
});
