import { join } from 'node:path';
import { verifyJournal } from '@dhash/journal';
import { expect, it } from 'vitest';
import { startChild } from './child.ts';
import { expectExit, journalOf, liveState, newestRun, promote, status } from './observe.ts';
import { makeProject } from './project.ts';

const production = ['--env', 'production'];

/** What the record of such a watch holds up to its rollback, each once. */
const deaths = ['watch.started:1', 'samples.sealed:1', 'verdict.changed:break', 'watch.ended:1'];
/** Of the process that goes on, and of polls that a slow machine misses. */
const alsoWritten = ['lock.taken-over', 'notification.receipt', 'watch.resumed', 'gate.blind'];

it.each(deaths)(
  'a watch that is killed at %s rolls the bad release back all the same',
  async (at) => {
    // Longer than any machine is away between two of these processes; the gate breaks at once.
    const project = await makeProject({ hurried: true, duration: '10m' });
    await promote(project);
    await project.writeNote();
    const before = await liveState(project);
    expectExit(await project.run('deploy', ...production, '--version', '1.2'), 0);
    const run = await newestRun(project);
    const child = startChild(project, ['monitor', ...production, '--json'], { TEST_KILL_AT: at });
    expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
    expect(await status(project)).toMatchObject({ status: 'interrupted', release: '1.2' });
    const last = startChild(project, ['monitor', ...production, '--json', '--resume']);
    expect(await last.ended, last.out() + last.err()).toBe(4);
    expect(await liveState(project)).toEqual(before);
    const journal = join(project.root, 'rollouts', run, 'journal.ndjson');
    expect(await verifyJournal(journal)).toMatchObject({ closed: true });
    // An event that a watch learns to write has no row above yet.
    const types = (await journalOf(project, run)).map(({ type }) => type);
    const written = types.slice(types.indexOf('watch.started'), types.indexOf('rollback.started'));
    const rows = [...deaths.map((each) => each.split(':')[0] ?? ''), ...alsoWritten];
    expect(written.filter((type) => !rows.includes(type))).toEqual([]);
  },
);
