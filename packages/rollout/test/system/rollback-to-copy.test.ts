import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { afterEach, expect, it, vi } from 'vitest';
import { startChild } from './child.ts';
import { useFarFolder } from './far-remote.ts';
import { expectExit, promote } from './observe.ts';
import { makeProject } from './project.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const production = ['--env', 'production'];
const to = 'rclone:far:shop';

it('goes back to a copy by its address; cut off, --resume finds what was fetched', async () => {
  const far = await tempFolder();
  useFarFolder(far);
  const project = await makeProject({
    hurried: true,
    yaml: (text) => `backup: { copies: [{ to: "${to}" }] }\n${text}`,
  });
  await promote(project);
  await project.writeNote();
  expectExit(await project.run('backup', ...production, '--tag', 'far'), 0);
  await project.writeNote();
  const name = (await readdir(join(far, 'shop'))).find((each) => each.endsWith('_far.zip')) ?? '';
  const address = `${to}/${name}`;
  const fetched = join(project.root, 'backups', 'fetched');

  expectExit(await project.run('rollback', ...production, '--backup', address, '--dry-run'), 0);
  expect(project.notes()).toBe(2);

  const died = startChild(project, ['rollback', ...production, '--backup', address, '--json'], {
    TEST_KILL_AT: 'step.started:swap',
    TEST_HURRIED: '1',
    ...rcloneVariables(),
  });
  expect(await died.ended, died.out() + died.err()).toBe('SIGKILL');
  expect((await readdir(fetched)).sort()).toEqual([name, `${name}.sha256`]);
  // Another backup sweeps what killed processes left; what the open run names is not swept.
  expectExit(await project.run('backup', ...production, '--prune'), 0);
  expect(await readdir(fetched)).toContain(name);

  // The remote is out of reach now.
  vi.stubEnv('RCLONE_CONFIG_FAR_TYPE', 'nonsense');
  expectExit(await project.run('rollback', ...production, '--resume'), 0);
  expect(project.notes()).toBe(1);
  expect(await readdir(fetched)).toEqual([]);
});

const rcloneVariables = (): Record<string, string> =>
  Object.fromEntries(
    Object.entries(process.env).flatMap(([key, value]) =>
      key.startsWith('RCLONE_') && value !== undefined ? [[key, value]] : [],
    ),
  );
