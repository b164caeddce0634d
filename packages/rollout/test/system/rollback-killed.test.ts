import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyJournal } from '@dhash/journal';
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

const production = ['--env', 'production'];
const steps = [
  'verify',
  'stage',
  'stop',
  'swap',
  'activate',
  'prove',
  'start',
  'health',
  'smoke',
  'safety',
  'incident',
  'clean',
];

/** 1.0 is live with a note, 1.2 over it with another: what a rollback must lead back to. */
const badRelease = async (): Promise<{ project: Project; before: Record<string, unknown> }> => {
  const project = await makeProject({ hurried: true });
  await promote(project);
  await project.writeNote();
  const before = await liveState(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.2'), 0);
  await project.writeNote();
  return { project, before };
};

const dies = async (project: Project, argv: string[], at: string, hurry = true): Promise<void> => {
  const child = startChild(project, [...argv, ...production, '--json'], {
    TEST_KILL_AT: at,
    ...(hurry ? { TEST_HURRIED: '1' } : {}),
  });
  expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
};

const expectRolledBack = async (
  project: Project,
  before: Record<string, unknown>,
): Promise<void> => {
  expect(await liveState(project)).toEqual(before);
  expect(await status(project)).toMatchObject({ status: 'rolled back', release: '1.0' });
  const run = await newestRun(project);
  const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
  expect(await verifyJournal(journal)).toMatchObject({ closed: true });
  const done = (await journalOf(project, run))
    .filter(({ type, scope }) => type === 'step.done' && scope === 'rollback')
    .map(({ step }) => step);
  expect(done).toEqual(steps);
  expect(await readdir(join(project.root, 'incidents', run))).not.toEqual([]);
  expect(await readdir(join(project.root, 'data'))).not.toContainEqual(
    expect.stringContaining('.dhash-restore'),
  );
};

describe('an automatic rollback that was killed', () => {
  it('before each of its steps, one after the other, ends validated', async () => {
    const { project, before } = await badRelease();
    const [first = '', ...later] = steps;
    await dies(project, ['monitor'], `step.started:${first}`, false);
    for (const step of later) await dies(project, ['rollback', '--resume'], `step.started:${step}`);
    expectExit(await project.run('rollback', ...production, '--resume'), 0);
    await expectRolledBack(project, before);
  });

  it('between each act and its record ends validated', async () => {
    const { project, before } = await badRelease();
    const [first = '', ...later] = steps;
    await dies(project, ['monitor'], `step.done:${first}`, false);
    await keepLines(project, (lines) => lines - 1);
    for (const step of later) {
      await dies(project, ['rollback', '--resume'], `step.done:${step}`);
      await keepLines(project, (lines) => lines - 1);
    }
    expectExit(await project.run('rollback', ...production, '--resume'), 0);
    await expectRolledBack(project, before);
  });

  it('lets nothing but its own end through', async () => {
    const { project, before } = await badRelease();
    await dies(project, ['monitor'], 'step.started:activate', false);
    expect(await status(project)).toMatchObject({ status: 'rolling back' });
    for (const argv of [['--abort'], ['--version', '1.1'], ['--version', '1.1', '--supersede']]) {
      const ran = expectExit(await project.run('deploy', ...production, ...argv), 7);
      expect(ran.err).toContain('rollback --env production --resume');
    }
    expectExit(await project.run('monitor', ...production, '--resume'), 7);
    // Whoever asks for the same rollback by hand goes on with it.
    const { backup } = (await status(project))['newest'] as { backup: string };
    const again = await project.run('rollback', ...production, '--backup', backup);
    expectExit(again, 0);
    expect(again.out).toContain('going on with the rollback');
    await expectRolledBack(project, before);
  });
});
