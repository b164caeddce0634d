import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readdir, readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, journalOf, liveState, newestRun, promote, resultOf } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const env = ['--env', 'production'];
const isLinux = process.platform === 'linux';

const servicePid = async (project: Project): Promise<number> =>
  ((await (await fetch(`${project.url}/health`)).json()) as { pid: number }).pid;

const isSilent = (project: Project): Promise<boolean> =>
  fetch(`${project.url}/health`).then(
    () => false,
    () => true,
  );

/** A process that has a file open, as a child that outlived its service. */
const startHolder = (file: string): ChildProcess =>
  spawn('sh', ['-c', 'exec sleep 1000 3< "$0"', file], { stdio: 'ignore' });

it('a service is stopped and started by hand, seen to be so, and on the record', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const already = await project.run('start', ...env);
  expect(expectExit(already, 0).out).toContain('runs already');

  expectExit(await project.run('stop', ...env, '--reason', 'new disk'), 0);
  expect(await isSilent(project)).toBe(true);
  const stopped = await journalOf(project, await newestRun(project));
  expect(stopped.map(({ type }) => type)).toEqual([
    'run.opened',
    'step.started',
    'step.done',
    'service.stopped',
    'run.closed',
  ]);
  expect(stopped[3]).toMatchObject({ reason: 'new disk' });
  // Stopped already is stopped.
  expectExit(await project.run('stop', ...env), 0);

  const started = await project.run('start', ...env, '--json');
  expect(resultOf(expectExit(started, 0).out)).toMatchObject({ version: '1.0', began: true });
  expect(await liveState(project)).toMatchObject({ answers: '1.0', isStoppable: true });
  // Neither holds the next deploy back.
  expectExit(await project.run('deploy', ...env, '--version', '1.1'), 0);
});

it('nothing is swapped, migrated or started twice under a service that did not stop', async () => {
  const stopsNothing = (text: string) =>
    text.replace('stop: ./stop.sh', 'stop: "true"\n      stopTimeout: 1s');
  const project = await makeProject({ hurried: true, yaml: stopsNothing });
  await promote(project);
  await project.writeNote();
  expectExit(await project.run('backup', ...env), 0);
  await project.writeNote();
  const before = await liveState(project);
  const pid = await servicePid(project);

  const deployed = await project.run('deploy', ...env, '--version', '1.1');
  expect(expectExit(deployed, 1).out).toContain('the service still runs');
  if (isLinux) expect(deployed.out).toContain(`pid ${pid}`);
  const byHand = await project.run('stop', ...env);
  expect(expectExit(byHand, 1).out).toContain(`${project.url}/health still answers (HTTP 200)`);
  const newest = (await readdir(join(project.root, 'backups'))).filter((name) =>
    name.endsWith('.zip'),
  );
  const backup = join('backups', newest.toSorted().at(-1) ?? '');
  const back = await project.run('rollback', ...env, '--backup', backup);
  expect(expectExit(back, 1).out).toContain('stop failed');
  expect(await servicePid(project)).toBe(pid);
  expect(await liveState(project)).toEqual(before);
});

it.skipIf(!isLinux)(
  'data that a child of the service holds open keeps the service from being stopped',
  async () => {
    const project = await makeProject({
      hurried: true,
      yaml: (text) => text.replace('stop: ./stop.sh', 'stop: ./stop.sh\n      stopTimeout: 1s'),
    });
    await promote(project);
    const holder = startHolder(join(project.root, 'data', 'notes.db'));
    try {
      const stopped = await project.run('stop', ...env);
      expect(expectExit(stopped, 1).out).toMatch(
        new RegExp(`pid ${holder.pid} \\(.*\\) has .*notes\\.db open`),
      );
    } finally {
      holder.kill('SIGKILL');
    }
    await vi.waitUntil(() => holder.exitCode !== null || holder.signalCode !== null, 60_000);
    expectExit(await project.run('stop', ...env), 0);
  },
);

it('a switch that a crash lost is not taken for made', async () => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  const before = await liveState(project);
  const child = startChild(project, ['deploy', ...env, '--version', '1.1', '--json'], {
    TEST_KILL_AT: 'step.done:activate',
    TEST_HURRIED: '1',
  });
  expect(await child.ended).toBe('SIGKILL');
  const link = join(project.root, 'app', 'current');
  expect(await readlink(link)).toBe('releases/1.1');
  await rm(link);
  await symlink('releases/1.0', link);
  const resumed = await project.run('deploy', ...env, '--resume');
  expect(expectExit(resumed, 1).out).toContain('the target says that 1.0 is active');
  expect(await liveState(project)).toEqual(before);
});

it.skipIf(!isLinux)('the service gets no address of a channel, and what env says', async () => {
  const project = await makeProject({
    hurried: true,
    yaml: (text) =>
      `${text.replace('    rollback:', '    env: { NOTES_COLOUR: blue }\n    notify: [chat]\n    rollback:')}channels:\n  chat: { type: slack, url: "\${TEST_SLACK_URL}" }\n`,
  });
  const secret = 'https://hooks.slack.com/services/T000/B000/XXXX';
  const child = startChild(project, ['deploy', ...env, '--version', '1.0'], {
    TEST_SLACK_URL: secret,
    TEST_HURRIED: '1',
  });
  await child.says('awaits its guard');
  const seen = readFileSync(`/proc/${await servicePid(project)}/environ`, 'utf8').split('\0');
  expect(seen).toContain('NOTES_COLOUR=blue');
  expect(seen.join()).not.toContain('hooks.slack.com');
  expect(seen.some((line) => line.startsWith('PATH='))).toBe(true);
});
