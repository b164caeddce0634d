import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFailed } from 'vitest';
import { callOf, start, stubCheckout } from './stub-checkout.ts';

const bin = 'packages/rollout/bin/dhash-rollout.js';
const posix = process.platform !== 'win32';

describe('dhash-rollout on a Node that is new enough', () => {
  it('runs the library in the same process', async () => {
    const { root } = await stubCheckout();
    const started = start(process.execPath, [bin, 'status', 'exit-3'], root);
    const ended = await started.ended;
    expect(callOf(ended.stdout)).toMatchObject({
      args: ['status', 'exit-3'],
      pid: started.child.pid,
    });
    expect(ended.exit).toBe(3);
  });

  it('claims nothing about the state where the library throws', async () => {
    const { root } = await stubCheckout();
    const ended = await start(process.execPath, [bin, 'throw'], root).ended;
    expect(ended.stderr).toContain('unexpected fault: Error: a fault of the stub');
    expect(ended.exit).toBe(70);
  });

  it('says what to run where a dependency of the library is missing', async () => {
    const { root } = await stubCheckout({ dependencies: 'installed', library: 'imports-missing' });
    const ended = await start(process.execPath, [bin], root).ended;
    expect(ended.stderr).toBe("error: Cannot find package 'commander'; run: npm ci\n");
    expect(ended.exit).toBe(2);
  });

  it('says what to run where a part of the build is missing', async () => {
    const { root } = await stubCheckout();
    await writeFile(join(root, 'packages/rollout/dist/cli/main.js'), "import './other.js';");
    const ended = await start(process.execPath, [bin], root).ended;
    expect(ended.stderr).toMatch(/^error: Cannot find module '.*other\.js'; run: npm run build\n$/);
    expect(ended.exit).toBe(2);
  });
});

describe('dhash-rollout on an old Node', () => {
  it('runs in the repository’s own Node, with the same arguments, folder and exit code', async () => {
    const { root, playOld } = await stubCheckout();
    const started = start(
      process.execPath,
      [...playOld, bin, 'deploy', 'two words', 'exit-6'],
      root,
    );
    const ended = await started.ended;
    const call = callOf(ended.stdout);
    expect(call).toMatchObject({ args: ['deploy', 'two words', 'exit-6'], cwd: root });
    expect(call.node).toBe(process.versions.node);
    expect(call.pid).not.toBe(started.child.pid);
    expect(ended.exit).toBe(6);
  });

  it('says what to run where that Node is not installed', async () => {
    const { root, playOld } = await stubCheckout();
    await rm(join(root, 'node_modules/node'), { recursive: true });
    const ended = await start(process.execPath, [...playOld, bin], root).ended;
    expect(ended.stderr).toBe(
      'error: Node 22.16 or newer is needed, this is 20.20.2, and the repository’s own is not installed; run: npm ci\n',
    );
    expect(ended.exit).toBe(2);
  });

  it('outside a checkout says which Node it needs', async () => {
    const { root, playOld } = await stubCheckout();
    await rm(join(root, 'packages/rollout/src'), { recursive: true });
    const ended = await start(process.execPath, [...playOld, bin], root).ended;
    expect(ended.stderr).toMatch(
      /^error: Node 22\.16 or newer is needed, this is 20\.20\.2; install/,
    );
    expect(ended.exit).toBe(2);
  });

  it.runIf(posix)('reports a program that a signal ended as 128 + its number', async () => {
    const { root, playOld } = await stubCheckout();
    const ended = await start(process.execPath, [...playOld, bin, 'die'], root).ended;
    expect(ended).toMatchObject({ exit: 137, signal: null });
  });

  it.runIf(posix).each([
    { signal: 'SIGINT', exit: 130 },
    { signal: 'SIGTERM', exit: 143 },
    { signal: 'SIGHUP', exit: 21 },
  ] as const)(
    'passes $signal on, and waits for what the program makes of it',
    async ({ signal, exit }) => {
      const { root, playOld } = await stubCheckout();
      const started = start(process.execPath, [...playOld, bin, 'wait'], root);
      await started.shows('waiting');
      started.child.kill(signal);
      expect(await started.ended).toMatchObject({ exit, signal: null });
    },
  );

  it('ends the program with kill -9 of the process that people see', async () => {
    const { root, playOld } = await stubCheckout();
    const started = start(process.execPath, [...playOld, bin, 'wait'], root);
    const { pid } = callOf(await started.shows('waiting'));
    onTestFailed(() => {
      process.kill(pid, 'SIGKILL');
    });
    started.child.kill('SIGKILL');
    // Ends only once the pipes are closed, which the program holds open for as long as it lives.
    expect(await started.ended).toMatchObject({ exit: null, signal: 'SIGKILL' });
  });
});
