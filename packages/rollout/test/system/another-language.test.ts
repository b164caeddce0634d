import { expect, test } from 'vitest';
import { allOf, type RecordedEvent } from '../../src/record/events.ts';
import { startChild } from './child.ts';
import { expectExit, journalOf, newestRun, promote, resultOf } from './observe.ts';
import { makePythonProject, type PythonProject } from './python-project.ts';

const production = ['--env', 'production'];

const deploySteps = [
  ...['backup', 'lay', 'stop', 'backup-stopped', 'migrate'],
  ...['activate', 'start', 'health', 'smoke'],
];
const rollbackSteps = [
  ...['verify', 'stage', 'stop', 'swap', 'activate', 'prove'],
  ...['start', 'health', 'smoke', 'safety', 'incident', 'clean'],
];

/** Runs a command that is killed after each of these steps, each time gone on with by the next process. */
const killedInEach = async (
  project: PythonProject,
  begin: readonly string[],
  resume: readonly string[],
  steps: readonly string[],
): Promise<void> => {
  for (const [index, step] of steps.entries()) {
    const argv = [...(index === 0 ? begin : resume), ...production, '--json'];
    const env = { TEST_KILL_AT: `step.done:${step}`, TEST_HURRIED: '1' };
    const child = startChild(project, argv, env);
    expect(await child.ended, `${step}: ${child.out()}${child.err()}`).toBe('SIGKILL');
  }
  expectExit(await project.run(...resume, ...production), 0);
};

const eventsOf = async (project: PythonProject) =>
  (await journalOf(project, await newestRun(project))) as unknown as RecordedEvent[];

const at1 = { columns: ['id', 'note'], revision: ['orders'] };
const at2 = { columns: ['currency', 'id', 'note'], revision: ['currency'] };

// Twenty processes, one after the other, and Alembic is slow to begin.
test('a service of another language, with PostgreSQL and a migration tool of its own, goes there and back, killed in each step of it', async () => {
  const project = await makePythonProject();
  await promote(project);
  await project.writeNote();
  expect(await project.state()).toEqual({ ...at1, orders: ['by 1.0'] });

  await killedInEach(project, ['deploy', '--version', '2.0'], ['deploy', '--resume'], deploySteps);
  expect(await project.state()).toEqual({ ...at2, orders: ['by 1.0'] });
  const deployed = await eventsOf(project);
  expect(allOf(deployed, 'migrate.status').map(({ when, position }) => [when, position])).toEqual([
    ['before', 'orders'],
    ['after', 'currency'],
  ]);
  expect(allOf(deployed, 'migrate.status')[0]?.output).toContain('orders (current)');
  await project.writeNote();

  const backup = allOf(deployed, 'step.done').findLast(({ step }) => step === 'backup-stopped');
  if (backup === undefined) throw new Error('there is no backup of the stop');
  const { file } = backup.data as { file: string };
  await killedInEach(
    project,
    ['rollback', '--backup', file, '--reason', 'back again'],
    ['rollback', '--resume'],
    rollbackSteps,
  );
  expect(await project.state()).toEqual({ ...at1, orders: ['by 1.0'] });
  const { downtime, status } = resultOf((await project.run('status', '--json')).out);
  expect(status).toBe('rolled back');
  const { spans } = downtime as {
    spans: { by: string; toMs: number; steps: { step: string }[] }[];
  };
  expect(spans.map(({ by }) => by)).toEqual(['deploy', 'rollback']);
  expect(spans[0]?.steps.map(({ step }) => step)).toEqual(deploySteps.slice(2, -1));
  await project.writeNote();

  // With the data kept, the tool's own way down leads back, and what was written stays.
  await project.setRollbackData('keep');
  const failing = await project.run('deploy', ...production, '--version', '2.1', '--backup-first');
  expectExit(failing, 1);
  expect(await project.state()).toEqual({ ...at1, orders: ['by 1.0', 'by 1.0'] });
  const undone = allOf(await eventsOf(project), 'migrate.status');
  expect(undone.map(({ when }) => when)).toEqual(['before', 'after', 'undone']);
}, 600_000);
