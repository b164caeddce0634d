import { join } from 'node:path';
import { verifyJournal } from '@dhash/journal';
import { expect, it } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, journalOf, liveState, newestRun, promote, status } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

/** What the record of such a watch holds up to its rollback, each once, and the poll that decides. */
const deaths = [
  'watch.started:1',
  'watch.poll:1',
  'samples.sealed:1',
  'verdict.changed:break',
  'watch.ended:1',
];

it('a watch that is killed at each of its events, one after the other, rolls back', async () => {
  const project = await makeProject({ hurried: true, duration: '20s', minCoverage: 0.1 });
  await promote(project);
  await project.writeNote();
  const before = await liveState(project);
  expectExit(await project.run('deploy', ...production, '--version', '1.2'), 0);
  const run = await newestRun(project);
  for (const [turn, at] of deaths.entries()) {
    const resume = turn === 0 ? [] : ['--resume'];
    const child = startChild(project, ['monitor', ...production, '--json', ...resume], {
      TEST_KILL_AT: at,
    });
    expect(await child.ended, `${at}: ${child.out()}${child.err()}`).toBe('SIGKILL');
    expect(await status(project), at).toMatchObject({ status: 'interrupted', release: '1.2' });
  }
  const last = startChild(project, ['monitor', ...production, '--json', '--resume']);
  expect(await last.ended, last.out() + last.err()).toBe(4);
  expect(await liveState(project)).toEqual(before);
  const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
  expect(await verifyJournal(journal)).toMatchObject({ closed: true });
  // An event that a watch learns to write has no row above yet.
  const events = await journalOf(project, run);
  const [from, to] = ['watch.started', 'rollback.started'].map((wanted) =>
    events.findIndex(({ type }) => type === wanted),
  );
  const written = events
    .slice(from, to)
    .map(({ type }) => type)
    .filter((type) => !['lock.taken-over', 'notification.receipt', 'watch.resumed'].includes(type));
  const rows = deaths.map((at) => at.split(':')[0]);
  expect(written.filter((type) => !rows.includes(type))).toEqual([]);
});
