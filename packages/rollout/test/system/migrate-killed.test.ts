import { expect, it } from 'vitest';
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

const migrate = ['migrate', '--env', 'production'];

const dies = async (project: Project, argv: string[], at: string): Promise<void> => {
  const child = startChild(project, [...migrate, ...argv, '--json'], {
    TEST_KILL_AT: at,
    TEST_HURRIED: '1',
  });
  expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
};

it.each(['rollback', 'forward'])(
  'migrations (%s) that were killed are finished by --resume',
  async (direction) => {
    const project = await makeProject({ hurried: true });
    await promote(project, '1.1');
    await project.writeNote();
    const other = direction === 'rollback' ? 'forward' : 'rollback';
    const turn = (way: string) => project.run(...migrate, '--direction', way);
    if (direction === 'forward') expectExit(await turn('rollback'), 0);
    const before = await liveState(project);
    expectExit(await turn(direction), 0);
    const after = await liveState(project);
    expect(after).not.toEqual(before);
    // A step without a row here would be one that nobody kills.
    const done = (await journalOf(project, await newestRun(project)))
      .filter(({ type }) => type === 'step.done')
      .map(({ step }) => String(step));
    for (const step of done) {
      expectExit(await turn(other), 0);
      await dies(project, ['--direction', direction], `step.done:${step}`);
      // After the act, and before its record.
      await keepLines(project, (lines) => lines - 1);
      const refused = await project.run('deploy', '--env', 'production', '--version', '1.2');
      expect(expectExit(refused, 7).err).toContain('migrate --env production --resume');
      expectExit(await project.run(...migrate, '--resume'), 0);
      expect(await liveState(project), step).toEqual(after);
      expect(await status(project), step).toMatchObject({ status: 'done', release: '1.1' });
    }
    expectExit(await project.run(...migrate, '--resume'), 2);
  },
);
