import { readFileSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { openOutputPlace } from '../../src/process/output-place.ts';
import { runCommand } from '../../src/process/run-command.ts';

const place = async (name = 'start') => {
  const base = await tempFolder();
  return { base, folder: join(base, '.rollout', 'logs'), name };
};

const daemon = 'while :; do echo tick; sleep 0.02; done & echo $! > pid';

const killLater = (cwd: string) =>
  onTestFinished(() => {
    process.kill(Number(readFileSync(join(cwd, 'pid'), 'utf8')), 'SIGKILL');
  });

describe('a named place for output', () => {
  test('goes with a command that leaves nobody behind', async () => {
    const log = await place();
    const ended = await runCommand({
      command: 'echo one; echo two >&2',
      cwd: log.base,
      env: {},
      timeoutMs: 20_000,
      log,
    });
    expect(ended).toMatchObject({ output: 'one\ntwo\n', file: null, heldBy: [], notKept: null });
    expect(await readdir(log.folder)).toEqual([]);
    expect((await stat(log.folder)).mode & 0o777).toBe(0o700);
  });

  test.skipIf(process.platform !== 'linux')(
    'stays, under its name, for as long as a daemon writes to it',
    async () => {
      const log = await place();
      const request = { command: daemon, cwd: log.base, env: {}, timeoutMs: 20_000, log };
      const ended = await runCommand({ ...request, isLeftBehind: true });
      killLater(log.base);
      const file = join(log.folder, 'start-1.log');
      expect(ended).toMatchObject({ exit: 0, file });
      expect(ended.heldBy[0]?.path).toBe(file);
      await vi.waitUntil(() => readFileSync(file, 'utf8').length > 20, 60_000);
      // The next one has a file of its own.
      const next = await runCommand({ ...request, command: 'echo x; sleep 0' });
      expect(next.output).toBe('x\n');
    },
  );
});

describe('without room', () => {
  /** A folder that can't be made: a file is in its way. */
  const blocked = async (isLeftBehind: boolean) => {
    const { base } = await place();
    await writeFile(join(base, 'file'), '');
    const folder = join(base, 'file', 'logs');
    return openOutputPlace(
      { base, folder, name: 'stop' },
      { isLeftBehind, others: [join(base, 'file')] },
    );
  };

  test('a command writes to a pipe, and what outlives us to nowhere', async () => {
    expect(await blocked(false)).toMatchObject({
      kind: 'pipe',
      why: expect.stringMatching(/E\w+/),
    });
    expect(await blocked(true)).toMatchObject({ kind: 'nowhere' });
  });

  test('a nameless file elsewhere is as good for a command that ends', async () => {
    const { base } = await place();
    await writeFile(join(base, 'file'), '');
    const elsewhere = join(base, 'elsewhere');
    await mkdir(elsewhere);
    const opened = openOutputPlace(
      { base, folder: join(base, 'file', 'logs'), name: 'stop' },
      { isLeftBehind: false, others: [elsewhere] },
    );
    expect(opened.kind).toBe('nameless');
    expect(await readdir(elsewhere)).toEqual([]);
  });

  /** A limit on the size of files, as a shell sets it: no file would hold what a command says. */
  const limited = async (request: string) => {
    const base = await tempFolder();
    const source = JSON.stringify(
      new URL('../../src/process/run-command.ts', import.meta.url).href,
    );
    const script = join(base, 'script.mts');
    await writeFile(
      script,
      `const { runCommand } = await import(${source});
const { output, ...ended } = await runCommand({ cwd: ${JSON.stringify(base)}, env: {}, timeoutMs: 60000, ${request} });
console.log(JSON.stringify({ ...ended, stdout: null, length: output.length }));`,
    );
    const { stdout } = await runCommand({
      command: `ulimit -f 8; "${process.execPath}" --no-warnings --conditions=@dhash/source script.mts | cat`,
      cwd: base,
      env: {},
      timeoutMs: 60_000,
    });
    return JSON.parse(stdout);
  };

  test.skipIf(process.platform !== 'linux')('ulimit -f ends no command that talks', async () => {
    // What is left behind holds the pipe, and is not waited for.
    expect(await limited("command: 'sleep 60 & yes | head -c 50000; exit 3'")).toMatchObject({
      exit: 3,
      length: 50_000,
      notKept: null,
    });
    expect(
      await limited("command: 'yes | head -c 50000; exit 3', isLeftBehind: true"),
    ).toMatchObject({ exit: 3, length: 0, notKept: expect.stringContaining('ulimit -f') });
  });
});
