import { mkdir, readFile, utimes, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { runMain } from '../run-main.ts';
import { startChild } from './child.ts';
import { hurried } from './hurried.ts';
import { expectExit, journalOf, newestRun, promote, status } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];
const lockOf = (project: Project) => join(project.root, 'app', 'rollout.lock');

/** A deploy that was killed after it had stopped the service, under a lock that says what is given. */
const killedDeploy = async (change: Record<string, string>, renewedAgoMs: number) => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const deploy = startChild(project, ['deploy', ...production, '--version', '1.1', '--json'], {
    TEST_KILL_AT: 'step.done:stop',
    TEST_HURRIED: '1',
  });
  expect(await deploy.ended).toBe('SIGKILL');
  const lock = JSON.parse(await readFile(lockOf(project), 'utf8')) as Record<string, unknown>;
  await writeFile(lockOf(project), `${JSON.stringify({ ...lock, ...change })}\n`);
  const at = new Date(Date.now() - renewedAgoMs);
  await utimes(lockOf(project), at, at);
  return project;
};

const elsewhere = { host: 'ci-4711', bootId: '00000000-0000-4000-8000-000000000000' };

/** The command line that a refusal prints, as a shell would split it. */
const printed = (err: string): string[] => {
  const line = err.split('\n').find((text) => text.includes('--take-over')) ?? '';
  const words = line.slice(line.indexOf('dhash-rollout ') + 'dhash-rollout '.length).trim();
  return [...words.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? '',
  );
};

it('a lock of a machine that is gone has a way out, printed as it can be typed, and on the record', async () => {
  const project = await killedDeploy(elsewhere, 120_000);
  const run = await newestRun(project);
  const shown = await status(project);
  expect(shown).toMatchObject({ lock: { standing: 'unvouched', alive: true } });

  const refused = expectExit(await project.run('deploy', ...production, '--abort'), 7);
  expect(refused.err).toContain('ci-4711');
  expect(refused.err).toMatch(/has not renewed its lock for 2 min/);
  expect(printed(refused.err)).toEqual([
    ...['deploy', ...production, '--abort', '--take-over', '--reason', '…'],
  ]);
  expectExit(await project.run('deploy', ...production, '--abort', '--take-over'), 2);
  expect(await status(project)).toMatchObject({ run, lock: { standing: 'unvouched' } });

  expectExit(await project.run(...printed(refused.err)), 0);
  expect(await status(project)).toMatchObject({ run, status: 'aborted', release: '1.0' });
  expect(await journalOf(project, run)).toContainEqual(
    expect.objectContaining({
      type: 'lock.taken-over',
      from: expect.stringContaining('ci-4711'),
      by: expect.stringMatching(/./),
      reason: expect.stringContaining('…'),
    }),
  );
});

it('the same for an emergency rollback, from another folder than that of rollout.yaml', async () => {
  const project = await killedDeploy(elsewhere, 120_000);
  const cwd = join(await tempFolder(), 'a home');
  await mkdir(cwd);
  const from = (...argv: string[]) =>
    runMain(argv, { processEnv: project.processEnv, cwd, clock: hurried });
  const backup = join(
    project.root,
    (await project.run('backup', ...production, '--latest')).out.trim(),
  );
  const config = relative(cwd, project.configFile);
  const refused = await from('rollback', ...production, '--backup', backup, '--config', config);
  expectExit(refused, 7);
  expect(printed(refused.err)).toEqual([
    ...['rollback', ...production, '--backup', backup, '--config', config],
    ...['--take-over', '--reason', '…'],
  ]);
  expectExit(await from(...printed(refused.err)), 0);
  expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
});

it.each([
  [
    'of this machine, before its boot',
    { bootId: elsewhere.bootId },
    'the machine was booted since',
  ],
  ['of a container of this machine', { host: 'ci-4711' }, 'that process is gone'],
])('a lock %s is taken unasked, and that is on the record', async (_, change, reason) => {
  const project = await killedDeploy(change, 0);
  const run = await newestRun(project);
  expectExit(await project.run('deploy', ...production, '--abort'), 0);
  expect(await journalOf(project, run)).toContainEqual(
    expect.objectContaining({ type: 'lock.taken-over', reason }),
  );
});

it('--take-over takes nothing from a process that lives here', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const deploy = startChild(project, ['deploy', ...production, '--version', '1.1', '--json']);
  await deploy.says('"step.started","step":"health"');
  const asked = ['deploy', ...production, '--version', '1.1', '--supersede'];
  const refused = await project.run(...asked, '--take-over', '--reason', 'impatient');
  expectExit(refused, 7);
  expect(await deploy.ended, deploy.err()).toBe(0);
});
