import { describe, expect, it } from 'vitest';
import { startChild } from './child.ts';
import {
  expectExit,
  journalOf,
  keepLines,
  liveState,
  newestRun,
  promote,
  status,
} from './observe.ts';
import { makeProject, type Project } from './project.ts';

const deploy = ['deploy', '--env', 'production'];

/** Deploys 1.1 in a process that dies at this event, as by kill -9. */
const dieAt = async (project: Project, at: string): Promise<void> => {
  const child = startChild(project, [...deploy, '--version', '1.1', '--json'], {
    TEST_KILL_AT: at,
    TEST_HURRIED: '1',
  });
  expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
};

const inSteps = [
  'backup',
  'lay',
  'stop',
  'backup-stopped',
  'migrate',
  'activate',
  'start',
  'health',
  'smoke',
];
/** Before a step's act; after it and before its record; after its record. */
const kills: [string, (project: Project) => Promise<void>][] = [
  ...inSteps.map((step): (typeof kills)[number] => [
    `before ${step}`,
    (project) => dieAt(project, `step.started:${step}`),
  ]),
  ...['backup', 'lay', 'stop', 'migrate', 'activate', 'start'].map(
    (step): (typeof kills)[number] => [
      `between ${step} and its record`,
      async (project) => {
        await dieAt(project, `step.done:${step}`);
        await keepLines(project, (lines) => lines - 1);
      },
    ],
  ),
  ['after the last step', (project) => dieAt(project, 'step.done:smoke')],
];

describe('a deploy that was killed', () => {
  it('is undone by --abort, whatever it had begun', { timeout: 240_000 }, async () => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    await project.writeNote();
    const before = await liveState(project);
    for (const [name, kill] of kills) {
      await kill(project);
      const aborted = expectExit(await project.run(...deploy, '--abort'), 0);
      expect(aborted.out, name).toMatch(/took over the lock of .*that process is gone/);
      expect(await liveState(project), name).toEqual(before);
      expect(await status(project), name).toMatchObject({ status: 'aborted', release: '1.0' });
    }
  });

  it('is finished by --resume, and can still be undone', { timeout: 240_000 }, async () => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    await project.writeNote();
    const before = await liveState(project);
    for (const [name, kill] of kills) {
      await kill(project);
      const resumed = expectExit(await project.run(...deploy, '--resume'), 0);
      expect(resumed.out, name).toMatch(/took over the lock of .*that process is gone/);
      expect(await status(project), name).toMatchObject({
        status: 'awaiting guard',
        release: '1.1',
      });
      expect(await liveState(project), name).toMatchObject({
        answers: '1.1',
        files: before['files'],
      });
      const done = (await journalOf(project, await newestRun(project)))
        .filter(({ type }) => type === 'step.done')
        .map(({ step }) => step);
      expect(done, name).toEqual(inSteps);
      expectExit(await project.run(...deploy, '--abort'), 0);
      expect(await liveState(project), name).toEqual(before);
    }
  });

  it('before it had planned anything is closed by --abort', async () => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    const before = await liveState(project);
    await dieAt(project, 'step.started:backup');
    await keepLines(project, () => 1);
    const resumed = expectExit(await project.run(...deploy, '--resume'), 2);
    expect(resumed.err).toContain('--abort');
    expect(expectExit(await project.run(...deploy, '--abort'), 0).out).toContain('it is closed');
    expect(await liveState(project)).toEqual(before);
    expect(await status(project)).toMatchObject({ status: 'aborted', release: '1.0' });
  });

  it.each(['step.done:stage', 'step.started:swap', 'step.done:prove', 'step.done:start'])(
    'in an abort, at %s, goes on with the abort, by --resume as by --abort',
    async (at) => {
      const project = await makeProject({ hurried: true });
      await promote(project);
      const before = await liveState(project);
      for (const again of ['--resume', '--abort']) {
        expectExit(await project.run(...deploy, '--version', '1.1'), 0);
        const child = startChild(project, [...deploy, '--abort', '--json'], {
          TEST_KILL_AT: at,
          TEST_HURRIED: '1',
        });
        expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
        expectExit(await project.run(...deploy, again), 0);
        expect(await liveState(project), again).toEqual(before);
        expect(await status(project), again).toMatchObject({ status: 'aborted', release: '1.0' });
      }
    },
  );
});
