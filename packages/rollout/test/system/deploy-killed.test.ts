import { describe, expect, it } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, journalOf, liveState, newestRun, promote, status } from './observe.ts';
import { makeProject, type Project } from './project.ts';

const deploy = ['deploy', '--env', 'production'];

/** Deploys 1.1 in a process that dies at this event, as by kill -9. */
const dieAt = async (project: Project, at: string, afterMs = 0): Promise<void> => {
  const child = startChild(project, [...deploy, '--version', '1.1', '--json'], {
    TEST_KILL_AT: at,
    TEST_KILL_AFTER_MS: String(afterMs),
    TEST_HURRIED: '1',
  });
  expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
};

const kills: [string, number][] = [
  ['step.started:backup', 0],
  ['step.started:backup', 15],
  ['step.started:lay', 0],
  ['step.started:stop', 0],
  ['step.started:backup-stopped', 0],
  ['step.started:migrate', 0],
  ['step.done:migrate', 0],
  ['step.started:activate', 0],
  ['step.started:start', 0],
  ['step.started:start', 150],
  ['step.started:health', 0],
  ['step.started:smoke', 0],
  ['step.done:smoke', 0],
];

describe('a deploy that was killed', () => {
  it('is undone by --abort, whatever it had begun', { timeout: 240_000 }, async () => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    await project.writeNote();
    const before = await liveState(project);
    for (const [at, afterMs] of kills) {
      await dieAt(project, at, afterMs);
      const aborted = expectExit(await project.run(...deploy, '--abort'), 0);
      expect(aborted.out, at).toMatch(/took over the lock of .*that process is gone/);
      expect(await liveState(project), at).toEqual(before);
      expect(await status(project), at).toMatchObject({ status: 'aborted', release: '1.0' });
    }
  });

  it('is finished by --resume, and can still be undone', { timeout: 240_000 }, async () => {
    const project = await makeProject({ hurried: true });
    await promote(project);
    await project.writeNote();
    const before = await liveState(project);
    for (const [at, afterMs] of kills) {
      await dieAt(project, at, afterMs);
      const resumed = expectExit(await project.run(...deploy, '--resume'), 0);
      expect(resumed.out, at).toMatch(/took over the lock of .*that process is gone/);
      expect(await status(project), at).toMatchObject({ status: 'awaiting guard', release: '1.1' });
      expect(await liveState(project), at).toMatchObject({
        answers: '1.1',
        files: before['files'],
      });
      const done = (await journalOf(project, await newestRun(project)))
        .filter(({ type }) => type === 'step.done')
        .map(({ step }) => step);
      expect(done, at).toEqual([...new Set(done)]);
      expectExit(await project.run(...deploy, '--abort'), 0);
      expect(await liveState(project), at).toEqual(before);
    }
  });
});
