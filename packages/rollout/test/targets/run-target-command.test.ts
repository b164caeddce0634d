import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, onTestFinished, test, vi } from 'vitest';
import type { CommandEnvironment, TargetConfig } from '../../src/config/types.ts';
import { openTarget } from '../../src/targets/target.ts';
import { commandTarget, environment, run } from './target-fixture.ts';

const commands: CommandEnvironment = { given: {}, withheld: [], problem: null };

const setUp = async (over: Partial<TargetConfig>, own: Partial<CommandEnvironment> = {}) => {
  const root = await tempFolder();
  const config = { ...environment(root, commandTarget(over)), commands: { ...commands, ...own } };
  const told: string[] = [];
  const open = openTarget(config, run({ version: '1.0', onNotice: (text) => told.push(text) }));
  return { root, open, told };
};

test('commands get what is theirs, and nothing that only others need', async () => {
  vi.stubEnv('SLACK_URL', 'https://hooks.slack.com/services/T/B/X');
  vi.stubEnv('SHOP_COLOUR', 'red');
  vi.stubEnv('ROLLOUT_VERSION', '9.9');
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  // What a test leaves is searched for the secret that these hold.
  const print = 'env | grep -v ^CANARY_ > seen';
  const { root, open } = await setUp(
    { start: print },
    { given: { DB: 'x=y', ROLLOUT_VERSION: '8.8' }, withheld: ['SLACK_URL'] },
  );
  await open.start();
  const seen = (await readFile(join(root, 'seen'), 'utf8')).split('\n');
  expect(seen).toEqual(
    expect.arrayContaining(['SHOP_COLOUR=red', 'DB=x=y', 'ROLLOUT_VERSION=1.0']),
  );
  expect(seen.some((line) => line.startsWith('PATH='))).toBe(true);
  expect(seen.join('\n')).not.toContain('SLACK_URL');
});

test('without the file of its variables no command is run, and a query is', async () => {
  const problem = { file: 'f', line: 1, column: 1, path: 'envFile', message: 'gone', hint: null };
  const { root, open } = await setUp({ start: 'touch started' }, { problem });
  expect(await open.current()).toBe('1.0');
  await expect(open.start()).rejects.toMatchObject({ name: 'ConfigError' });
  expect(await readdir(root)).not.toContain('started');
});

test('what a command printed is shown, not obeyed', async () => {
  const { open } = await setUp({ start: "printf '\\033[2Jport taken\\n'; exit 4" });
  await expect(open.start()).rejects.toThrow('exit 4:\n\\x1b[2Jport taken');
  const odd = await setUp({ current: "printf '1.0\\033[2J'" });
  await expect(odd.open.current()).rejects.toThrow('"1.0\\x1b[2J" is no version');
});

test('a start command has the limit that rollout.yaml gives it', async () => {
  const { open } = await setUp({ start: 'sleep 60', startTimeoutMs: 300 });
  await expect(open.start()).rejects.toThrow('took longer than 300ms (target.startTimeout)');
});

test.skipIf(process.platform !== 'linux')(
  'a daemon that is left on our output is told of, with the file it writes to',
  async () => {
    const { root, open, told } = await setUp({
      start: '(while :; do echo tick; sleep 0.05; done) & echo $! > pid',
    });
    await open.start();
    const pid = Number(await readFile(join(root, 'pid'), 'utf8'));
    onTestFinished(() => {
      process.kill(pid, 'SIGKILL');
    });
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(
      /^start left pid \d+ \(.*\) on our output: .* goes to \.rollout\/test\/logs\/start-1\.log/,
    );
  },
);

test('commands run where there is no room for what they print', async () => {
  const { root, open, told } = await setUp({ start: 'echo words > started', stop: 'echo words' });
  await mkdir(join(root, '.rollout'));
  await writeFile(join(root, '.rollout', 'test'), 'a file in the way');
  await open.start();
  expect(await readFile(join(root, 'started'), 'utf8')).toBe('words\n');
  expect(told.join()).toMatch(/output of start was not kept: E/);
  await open.stop();
});
