import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, test, vi } from 'vitest';
import { outputTailLength } from '../../src/process/command-output.ts';
import { type CommandRequest, runCommand } from '../../src/process/run-command.ts';

const run = async (request: Partial<CommandRequest> & Pick<CommandRequest, 'command'>) =>
  runCommand({ cwd: await tempFolder(), env: {}, timeoutMs: 20_000, ...request });

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test.each<[string, string | string[], object]>([
  [
    'a text goes through the shell',
    'echo "$A" | tr a-z A-Z; exit 3',
    { exit: 3, signal: null, output: 'X Y\n' },
  ],
  ['a list does not', ['printf', '%s', '$A|'], { exit: 0, output: '$A|' }],
  [
    'standard error is output, not answer',
    'echo a; echo b >&2',
    { stdout: 'a\n', output: 'a\nb\n' },
  ],
  ['a signal is told', 'kill -9 $$', { exit: null, signal: 'SIGKILL' }],
])('%s', async (_, command, expected) => {
  expect(await run({ command, env: { A: 'x y' } })).toMatchObject({ ...expected, timedOut: false });
});

test('runs in its folder and keeps the end of a long output, all of it streamed', async () => {
  const cwd = await tempFolder();
  let seen = 0;
  const { output } = await run({
    command: 'pwd; yes é | head -n 100000; pwd',
    cwd,
    onOutput: (text) => {
      seen += text.length;
    },
  });
  expect(seen).toBe(200_000 + 2 * (cwd.length + 1));
  expect(output).toHaveLength(outputTailLength);
  expect(output.endsWith(`é\n${cwd}\n`)).toBe(true);
  expect(output).not.toContain('\ufffd');
});

test('a daemon that keeps the output open neither delays nor dies', async () => {
  const cwd = await tempFolder();
  const daemon = 'while :; do echo tick; echo tick >> ticks; sleep 0.05; done & echo $! > pid';
  const { exit } = await run({ command: daemon, cwd });
  expect(exit).toBe(0);
  const pid = Number(readFileSync(join(cwd, 'pid'), 'utf8'));
  try {
    const ticks = () => readFileSync(join(cwd, 'ticks'), 'utf8').length;
    await vi.waitUntil(() => existsSync(join(cwd, 'ticks')), 60_000);
    const before = ticks();
    await vi.waitUntil(() => ticks() > before + 10, 60_000);
    expect(isAlive(pid)).toBe(true);
  } finally {
    process.kill(pid, 'SIGKILL');
  }
});

const stubborn = `trap '' TERM; (trap '' TERM; echo $BASHPID > child; while :; do sleep 0.05; done) & while :; do sleep 0.05; done`;

test.each(['timeout', 'abort'])('%s ends the whole group, by force where it must', async (how) => {
  const cwd = await tempFolder();
  const controller = new AbortController();
  const ended = run({
    command: ['bash', '-c', stubborn],
    cwd,
    graceMs: 100,
    timeoutMs: how === 'timeout' ? 2000 : 60_000,
    signal: controller.signal,
  });
  const outcome = ended.catch((error: unknown) => error);
  const child = join(cwd, 'child');
  await vi.waitUntil(() => existsSync(child) && readFileSync(child, 'utf8') !== '', 60_000);
  const reason = new Error('stop');
  if (how === 'abort') controller.abort(reason);
  if (how === 'abort') expect(await outcome).toBe(reason);
  else expect(await outcome).toMatchObject({ exit: null, signal: 'SIGKILL', timedOut: true });
  expect(isAlive(Number(readFileSync(child, 'utf8')))).toBe(false);
});

test('what cannot be started says so', async () => {
  await expect(run({ command: ['/no/such/program'] })).rejects.toMatchObject({
    name: 'CommandError',
    message: expect.stringContaining('/no/such/program'),
  });
  await expect(run({ command: 'true', cwd: '/no/such/folder' })).rejects.toMatchObject({
    name: 'CommandError',
  });
});

test('an aborted signal starts nothing', async () => {
  const cwd = await tempFolder();
  await expect(
    run({ command: 'touch it', cwd, signal: AbortSignal.abort(new Error('no')) }),
  ).rejects.toThrow('no');
  expect(existsSync(join(cwd, 'it'))).toBe(false);
});
