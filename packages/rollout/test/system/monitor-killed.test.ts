import { readlink, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { readSampleLog } from '@dhash/monitor';
import { pollTimes, replay } from '@dhash/quality-gates';
import { describe, expect, it } from 'vitest';
import { activationOf, recordedBaseline } from '../../src/pages/recorded-watch.ts';
import type { RecordedEvent } from '../../src/record/events.ts';
import { startChild } from './child.ts';
import { backBy, hurried } from './hurried.ts';
import {
  expectExit,
  isWatchStart,
  journalOf,
  newestRun,
  policyOf,
  promote,
  resultOf,
  until,
} from './observe.ts';
import { makeProject, type Project } from './project.ts';

const production = ['--env', 'production'];

/** Long beside the seconds that a killed watch is away on a slow machine. */
const watched = async (version: string): Promise<Project> => {
  const project = await makeProject({ hurried: true, duration: '20s', minCoverage: 0.1 });
  await promote(project);
  await project.writeNote();
  expectExit(await project.run('deploy', ...production, '--version', version), 0);
  return project;
};

const dies = async (project: Project, argv: string[], env: Record<string, string>) => {
  const child = startChild(project, ['monitor', ...production, '--json', ...argv], env);
  expect(await child.ended, child.out() + child.err()).toBe('SIGKILL');
};

/** One line for each poll that was due up to the last one, and the decision that a replay gives. */
const logOf = async (project: Project) => {
  const run = await newestRun(project);
  const events = await journalOf(project, run);
  const started = events.filter(({ type }) => type === 'watch.started');
  expect(started).toHaveLength(1);
  const startedAt = Number(started[0]?.['startedAt']);
  const folder = join(project.root, 'monitor_logs', run);
  const { samples } = await readSampleLog(join(folder, 'samples.ndjson'));
  const policy = await policyOf(project);
  const due = pollTimes(policy).map((ms) => startedAt + ms);
  const baseline = await recordedBaseline(join(folder, 'baseline.ndjson'));
  const activation = activationOf(events as unknown as RecordedEvent[]);
  const { decision } = replay(policy, samples, {
    startedAt,
    ...(baseline === undefined ? {} : { baseline }),
    ...(activation === undefined ? {} : { activation }),
  });
  return { at: samples.map(({ at }) => at), due, samples, decision, events };
};

describe('a watch that was killed', () => {
  it('several times goes on as the same run, misses nothing unmarked, and promotes', async () => {
    const project = await watched('1.1');
    const run = await newestRun(project);
    await dies(project, [], { TEST_KILL_AT: 'watch.poll:1' });
    await dies(project, ['--resume'], { TEST_KILL_AT: 'watch.poll:1', TEST_KILL_AFTER_MS: '700' });
    await dies(project, ['--resume'], { TEST_KILL_AT: 'watch.poll:1', TEST_KILL_AFTER_MS: '10' });
    // Longer than two polls are apart: at least one is missed.
    await new Promise((resolve) => setTimeout(resolve, 1200));
    const last = startChild(project, ['monitor', ...production, '--json', '--resume']);
    expect(await last.ended, last.out() + last.err()).toBe(0);
    expect(resultOf(last.out())['run']).toBe(run);

    const { at, due, samples, decision, events } = await logOf(project);
    expect(at).toEqual(due);
    expect(samples.filter((sample) => 'missed' in sample)).not.toEqual([]);
    expect(resultOf(last.out())['decision']).toBe(decision);
    expect(events.filter(({ type }) => type === 'watch.resumed')).toHaveLength(3);
    expectExit(await project.run('validate-logging'), 0);
  });

  it.each([
    ['after its first poll', 'watch.poll:1'],
    // The breaking sample is in the log, and nothing was done about it yet.
    ['between the poll that decides and its act', 'verdict.changed:break'],
  ])('%s rolls a bad release back all the same', async (_, at) => {
    const project = await watched('1.2');
    await project.writeNote();
    await dies(project, [], { TEST_KILL_AT: at });
    const resumed = startChild(project, ['monitor', ...production, '--json', '--resume']);
    expect(await resumed.ended, resumed.out() + resumed.err()).toBe(4);
    expect(project.notes()).toBe(1);
    const log = await logOf(project);
    expect(log.at).toEqual(log.due.slice(0, log.at.length));
    expect(log.decision).toBe('rollback');
  });
});

it('resumed after more than 15 minutes alerts, and restores nothing', async () => {
  const backMs = 20 * 60_000;
  const project = await makeProject({ hurried: true });
  const then = { now: backBy(backMs).now, sleep: hurried.sleep };
  const ranThen = async (...argv: string[]) => expectExit(await project.runAt(then, ...argv), 0);
  await ranThen('deploy', ...production, '--version', '1.0');
  await ranThen('promote', ...production, '--now', '--reason', 'first release');
  await ranThen('deploy', ...production, '--version', '1.2');
  const run = await newestRun(project);
  await dies(project, [], {
    TEST_KILL_AT: 'verdict.changed:break',
    TEST_CLOCK_BACK_MS: String(backMs),
  });
  await project.writeNote();
  const resumed = await project.run('monitor', ...production, '--resume');
  expectExit(resumed, 5);
  expect(resumed.out).toContain('nobody watched for 20 min');
  expect(project.notes()).toBe(1);
  expect((await journalOf(project, run)).map(({ type }) => type)).toContain('rollback.withheld');
  expect(resultOf((await project.run('status', '--json')).out)).toMatchObject({
    status: 'alerted',
    release: '1.2',
  });
});

it('whose target was switched by hand says drift, and undoes nothing', async () => {
  const project = await watched('1.2');
  const child = startChild(project, ['monitor', ...production]);
  await until(async () => (await journalOf(project, await newestRun(project))).some(isWatchStart));
  await rm(join(project.root, 'app', 'current'));
  await symlink(join('releases', '1.0'), join(project.root, 'app', 'current'));
  expect(await child.ended, child.out() + child.err()).toBe(5);
  expect(child.out()).toMatch(/drift: the target runs 1\.0, this run activated 1\.2/);
  expect(await readlink(join(project.root, 'app', 'current'))).toBe('releases/1.0');
  expect(resultOf((await project.run('status', '--json')).out)).toMatchObject({
    status: 'alerted',
  });
});
