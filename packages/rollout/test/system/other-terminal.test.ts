import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openJournal, verifyJournal } from '@dhash/journal';
import { describe, expect, it } from 'vitest';
import { type Child, startChild } from './child.ts';
import {
  expectExit,
  isWatchStart,
  journalOf,
  newestRun,
  promote,
  resultOf,
  status,
  until,
} from './observe.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];

/** 1.0 promoted, `version` over it and watched in a process of its own; a note since the backup. */
const watching = async (
  version: string,
  // Longer than any machine takes for what is done meanwhile.
  duration = '10m',
): Promise<{ project: Project; monitor: Child; run: string; backup: string }> => {
  const project = await makeProject({ hurried: true, duration });
  await promote(project);
  expectExit(await project.run('deploy', ...production, '--version', version), 0);
  await project.writeNote();
  const run = await newestRun(project);
  const monitor = startChild(project, ['monitor', ...production]);
  await until(async () => (await journalOf(project, run)).some(isWatchStart));
  const { backup } = (await status(project))['newest'] as { backup: string };
  return { project, monitor, run, backup };
};

const lines = async (project: Project, run: string): Promise<string> =>
  (await readFile(join(project.root, 'monitor_logs', run, 'samples.ndjson'), 'utf8')) +
  (await readFile(join(project.root, 'rollouts', run, 'journal.ndjson'), 'utf8'));

const rollBack = (project: Project, backup: string) =>
  project.run('rollback', ...production, '--backup', backup, '--reason', 'orders fail', '--json');

const expectWhole = async (project: Project, run: string): Promise<void> => {
  const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
  expect(await verifyJournal(journal)).toMatchObject({ closed: true });
  expect(await readdir(join(project.root, 'rollouts', run, 'inbox'))).toEqual([]);
};

describe('an emergency rollback from another terminal', () => {
  it('makes a watch stand down, and is done on the same run', async () => {
    const { project, monitor, run, backup } = await watching('1.1');
    const history = async () => resultOf((await project.run('history', '--json')).out)['runs'];
    expect(await history()).toMatchObject([{ run, status: 'watching' }, { status: 'promoted' }]);
    const ran = expectExit(await rollBack(project, backup), 0);
    expect(resultOf(ran.out)).toMatchObject({ run });
    expect(await monitor.ended, monitor.out()).toBe(130);
    expect(monitor.out()).toContain('orders fail');
    expect(project.notes()).toBe(0);
    expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
    await expectWhole(project, run);
    expect((await journalOf(project, run)).map(({ type }) => type)).toContain('request.taken');
  });

  it('takes the lock from a monitor that does not answer, which then writes nothing more', async () => {
    const { project, monitor, run, backup } = await watching('1.1');
    await until(async () => (await lines(project, run)).startsWith('{"format":2,"at"'));
    // Between two polls, which are 500 ms apart.
    await new Promise((resolve) => setTimeout(resolve, 100));
    monitor.process.kill('SIGSTOP');
    const ran = expectExit(await rollBack(project, backup), 0);
    expect(ran.err).toContain('did not stand down within 10 s');
    expect(project.notes()).toBe(0);
    expect(await journalOf(project, run)).toContainEqual(
      expect.objectContaining({ type: 'lock.taken-over', from: expect.stringMatching(/^monitor/) }),
    );
    const before = await lines(project, run);
    monitor.process.kill('SIGCONT');
    expect(await monitor.ended, monitor.out() + monitor.err()).toBe(7);
    expect(await lines(project, run)).toBe(before);
    expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
    await expectWhole(project, run);
  });

  it('follows an automatic rollback that is under way', async () => {
    const { project, monitor, run, backup } = await watching('1.2');
    await until(async () =>
      (await journalOf(project, run)).some(({ type }) => type === 'rollback.started'),
    );
    // What is swapped right now is nothing to back up.
    expectExit(await project.run('backup', ...production), 7);
    const ran = expectExit(await rollBack(project, backup), 0);
    expect(ran.err).toContain('already rolling back, to its own backup; following it');
    expect(await monitor.ended, monitor.out() + monitor.err()).toBe(4);
    const started = (await journalOf(project, run)).filter(
      ({ type }) => type === 'rollback.started',
    );
    expect(started).toHaveLength(1);
  });

  it('goes on with an automatic rollback whose process dies while it is followed', async () => {
    const { project, monitor, run, backup } = await watching('1.2');
    await until(async () => (await journalOf(project, run)).some(({ step }) => step === 'stage'));
    monitor.process.kill('SIGSTOP');
    const following = startChild(project, ['rollback', ...production, '--backup', backup]);
    await following.says('following it');
    monitor.process.kill('SIGKILL');
    expect(await following.ended, following.out() + following.err()).toBe(0);
    expect(project.notes()).toBe(0);
    expect(await status(project)).toMatchObject({ run, status: 'rolled back', release: '1.0' });
  });

  it('is not done again where the watch rolled back while it was asked', async () => {
    const { project, monitor, run, backup } = await watching('1.1');
    monitor.process.kill('SIGSTOP');
    const asking = startChild(project, ['rollback', ...production, '--backup', backup]);
    await asking.says('asking the watch');
    const file = join(project.root, 'rollouts', run, 'journal.ndjson');
    const journal = await openJournal(file, { now: Date.now });
    await journal.append({ type: 'run.closed', outcome: 'rolled back' });
    await journal.close();
    monitor.process.kill('SIGKILL');
    expect(await asking.ended, asking.out() + asking.err()).toBe(0);
    expect(asking.out()).toContain(`run ${run} is rolled back`);
    expect((await journalOf(project, run)).at(-1)).toMatchObject({ type: 'run.closed' });
    expect(await newestRun(project)).toBe(run);
  });
});

describe('a running watch', () => {
  it('pauses and is resumed; a request nobody takes is withdrawn', async () => {
    const { project, monitor, run } = await watching('1.1', '9s');
    expectExit(await project.run('pause', ...production, '--reason', 'lunch'), 0);
    expect(await monitor.ended, monitor.out()).toBe(130);
    expect(await status(project)).toMatchObject({ run, status: 'interrupted' });
    const resumed = startChild(project, ['monitor', ...production, '--resume']);
    await until(async () => (await journalOf(project, run)).filter(isWatchStart).length === 2);
    resumed.process.kill('SIGSTOP');
    expectExit(await project.run('promote', ...production, '--now', '--reason', 'fine'), 7);
    expect(await readdir(join(project.root, 'rollouts', run, 'inbox'))).toEqual([]);
    resumed.process.kill('SIGCONT');
    expect(await resumed.ended, resumed.out() + resumed.err()).toBe(3);
  });

  it('that follows its deploy in one process can be paused, and lets a backup be taken', async () => {
    const project = await makeProject({ hurried: true, duration: '10m' });
    await promote(project);
    const argv = ['deploy', ...production, '--version', '1.1', '--monitor'];
    const child = startChild(project, argv);
    await until(async () =>
      (await journalOf(project, await newestRun(project))).some(isWatchStart),
    );
    expectExit(await project.run('backup', ...production), 0);
    expectExit(await project.run('pause', ...production, '--reason', 'lunch'), 0);
    expect(await child.ended, child.out() + child.err()).toBe(130);
    expect(await status(project)).toMatchObject({ status: 'interrupted', release: '1.1' });
  });

  it('is promoted by hand', async () => {
    const { project, monitor, run } = await watching('1.1');
    expectExit(await project.run('promote', ...production, '--now', '--reason', 'fine'), 0);
    expect(await monitor.ended, monitor.out()).toBe(0);
    expect(await status(project)).toMatchObject({ run, status: 'promoted', release: '1.1' });
    await expectWhole(project, run);
  });

  it('gives way to deploy --abort', async () => {
    const { project, monitor, run } = await watching('1.1');
    expectExit(await project.run('deploy', ...production, '--abort'), 0);
    expect(await monitor.ended, monitor.out()).toBe(130);
    expect(await status(project)).toMatchObject({ run, status: 'aborted', release: '1.0' });
    await expectWhole(project, run);
  });

  it('lets a backup be taken, and refuses a second monitor and a deploy', async () => {
    const { project, monitor } = await watching('1.1');
    expectExit(await project.run('backup', ...production, '--tag', 'meanwhile'), 0);
    expectExit(await project.run('monitor', ...production), 7);
    expectExit(await project.run('deploy', ...production, '--version', '1.2'), 7);
    expect(monitor.process.exitCode).toBeNull();
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends by %s with %i, resumable', async (signal, exit) => {
    const { project, monitor, run } = await watching('1.1');
    monitor.process.kill('SIGHUP');
    const samples = join(project.root, 'monitor_logs', run, 'samples.ndjson');
    const before = (await readFile(samples, 'utf8')).length;
    await until(async () => (await readFile(samples, 'utf8')).length > before);
    monitor.process.kill(signal);
    expect(await monitor.ended, monitor.out() + monitor.err()).toBe(exit);
    expect(await status(project)).toMatchObject({ run, status: 'interrupted', release: '1.1' });
    expectExit(await project.run('monitor', ...production, '--resume', '--dry-run'), 0);
  });
});

describe('a running deploy', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)(
    'that still judges the running release ends by %s with %i, and leaves no run',
    async (signal, exit) => {
      const project = await makeProject({ hurried: true });
      await promote(project);
      const deploy = startChild(project, ['deploy', ...production, '--version', '1.1']);
      await deploy.says('judging the gates');
      deploy.process.kill(signal);
      expect(await deploy.ended, deploy.out() + deploy.err()).toBe(exit);
      expect(await status(project)).toMatchObject({ status: 'promoted', release: '1.0' });
    },
  );

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('refuses others, ends by %s with %i, and is resumed', async (signal, exit) => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    const deploy = startChild(project, ['deploy', ...production, '--version', '1.1', '--json']);
    await deploy.says('"step.started","step":"health"');
    const down = ['migrate', '--direction', 'rollback'];
    for (const argv of [['deploy', '--version', '1.1'], ['backup'], ['monitor'], down])
      expectExit(await project.run(...argv, ...production), 7);
    deploy.process.kill(signal);
    expect(await deploy.ended, deploy.out() + deploy.err()).toBe(exit);
    expectExit(await project.run('deploy', ...production, '--resume'), 0);
    expect(await status(project)).toMatchObject({ status: 'awaiting guard', release: '1.1' });
  });
});
