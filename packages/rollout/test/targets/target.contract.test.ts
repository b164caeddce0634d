import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { describe, expect, test } from 'vitest';
import type { EnvironmentConfig, TargetConfig } from '../../src/config/types.ts';
import { openTarget, type TargetRun } from '../../src/targets/target.ts';
import { environment, limits, makeFolderArtifact, run } from './target-fixture.ts';

/** Each kind of target, set up so that 1.0 and 1.1 can be deployed and `log` tells what was run. */
const kinds: Record<string, (root: string) => Promise<TargetConfig>> = {
  releases: async (root) => {
    for (const version of ['1.0', '1.1']) await makeFolderArtifact(root, version);
    const say = (name: string) =>
      `echo "${name} $ROLLOUT_VERSION $ROLLOUT_ENV $ROLLOUT_URL" >> ${root}/log`;
    return {
      type: 'releases',
      ...limits,
      root: join(root, 'app'),
      artifact: join(root, 'dist', '{version}'),
      init: say('init'),
      start: say('start'),
      stop: say('stop'),
      keep: 5,
      drill: null,
    };
  },
  command: async (root) => {
    await mkdir(join(root, 'state'));
    const say = (name: string) =>
      `echo "${name} $ROLLOUT_VERSION $ROLLOUT_ENV $ROLLOUT_URL" >> log`;
    return {
      type: 'command',
      ...limits,
      current: 'cat state/active 2>/dev/null || true',
      activate: 'printf %s "$ROLLOUT_VERSION" > state/active',
      version: 'echo 1.1',
      drill: null,
      init: say('init'),
      start: say('start'),
      stop: say('stop'),
    };
  },
};

describe.each(Object.entries(kinds))('target %s', (_, make) => {
  const setUp = async () => {
    const root = await tempFolder();
    const config: EnvironmentConfig = environment(root, await make(root));
    const open = (over: Partial<TargetRun> = {}) => openTarget(config, run(over));
    const log = async () => (await readFile(join(root, 'log'), 'utf8')).trim().split('\n');
    return { root, config, open, log };
  };

  test('nothing is active at first; the highest version is offered', async () => {
    const { open } = await setUp();
    expect(await open().current()).toBeNull();
    expect((await open().versions())[0]).toBe('1.1');
    expect(await open().hasVersion('1.1')).toBe(true);
    expect(await open().hasVersion('../1.1')).toBe(false);
  });

  test('a release is laid, activated, started, stopped; another target object sees it', async () => {
    const { open, log } = await setUp();
    const target = open({ version: '1.0' });
    await target.init('1.0');
    await target.lay('1.0');
    await target.activate('1.0');
    await target.start();
    await target.stop();
    expect(await open().current()).toBe('1.0');
    expect(await log()).toEqual(
      ['init', 'start', 'stop'].map((name) => `${name} 1.0 test http://127.0.0.1:1`),
    );
  });

  test('each operation may run twice', async () => {
    const { open } = await setUp();
    const once = async () => {
      const target = open({ version: '1.0' });
      const laid = await target.lay('1.0');
      await target.activate('1.0');
      return laid;
    };
    // What undo needs is the same, so that a run that was cut off can still take it back.
    expect(await once()).toEqual(await once());
    const target = open({ version: '1.0' });
    await target.deactivate();
    await target.deactivate();
    expect(await target.current()).toBeNull();
  });

  test('an undo leads back: the release before is active, and start starts that one', async () => {
    const { open, log } = await setUp();
    const first = open({ version: '1.0' });
    await first.lay('1.0');
    await first.activate('1.0');
    const second = open({ runId: 'r2', version: '1.1', previous: '1.0' });
    const done = await second.lay('1.1');
    await second.activate('1.1');
    const undo = open({ runId: 'r2', version: '1.1', previous: '1.0' });
    await undo.activate('1.0');
    await undo.unlay(JSON.parse(JSON.stringify(done)));
    await undo.unlay(done);
    await undo.start();
    expect(await undo.current()).toBe('1.0');
    expect((await log()).at(-1)).toMatch(/^start 1\.0 /);
  });

  test('a version that could lead elsewhere is refused', async () => {
    const { open } = await setUp();
    for (const version of ['../x', '', '-rf', 'a\nb', 'a b'])
      await expect(open().activate(version)).rejects.toMatchObject({ code: 'bad-version' });
  });

  test('the lock has a place, and there are lines for people', async () => {
    const { open, root } = await setUp();
    expect(open().lockFile.startsWith(root)).toBe(true);
    expect(open().describe().length).toBeGreaterThan(2);
  });

  test('a command that fails says which, how, and what it printed', async () => {
    const { root, config } = await setUp();
    await writeFile(join(root, 'fail.sh'), '#!/bin/sh\necho port taken\nexit 4\n');
    await chmod(join(root, 'fail.sh'), 0o755);
    const broken = { ...config, target: { ...config.target, start: join(root, 'fail.sh') } };
    const target = openTarget(broken, run({ version: '1.0' }));
    await target.lay('1.0');
    await target.activate('1.0');
    await expect(target.start()).rejects.toMatchObject({
      code: 'command-failed',
      message: expect.stringMatching(/start command.*exit 4:\nport taken/s),
    });
  });
});
