import { expect, it, vi } from 'vitest';
import { Interrupted } from '../../src/environment/context.ts';
import * as act from './acts.ts';
import { recordedIn } from './check.ts';
import { takeOverDisk } from './disk.ts';
import { countPoints } from './points.ts';
import { failNext } from './stand-in.ts';
import { makeWorld, type Work, type World } from './world.ts';

vi.mock('node:worker_threads', async (original) => ({
  ...(await original<object>()),
  Worker: (await import('./thread.ts')).WorkerInThread,
}));

/** 1.0 is live; then an act gets TERM as soon as this is on its record. */
const interruptedAt = async (
  label: string,
  work: Work,
  { before, leaveAt }: { before?: (world: World) => void; leaveAt?: string } = {},
) => {
  vi.stubEnv('PATH', '/nowhere');
  const world = await makeWorld();
  const disk = await takeOverDisk(world.root);
  expect(await world.process(act.deployOf('1.0'))).toMatchObject({ exit: 0 });
  expect(await world.process(act.promote)).toMatchObject({ exit: 0 });
  before?.(world);
  const old = await world.state();
  const term = new AbortController();
  const leave = new AbortController();
  disk.onDurable = countPoints({ root: world.root, within: 'records' }, (point) => {
    if (point.label === label) term.abort(new Interrupted('SIGTERM'));
    if (point.label === leaveAt) leave.abort(new Interrupted('SIGTERM'));
  });
  const ran = await world.process(work, { signal: term.signal, leave: leave.signal });
  disk.onDurable = () => undefined;
  return { world, ran, old, state: await world.state() };
};

it.each(['step.started:backup-stopped', 'step.done:backup-stopped', 'step.started:migrate'])(
  'TERM at %s, while the service is stopped: the deploy goes on until it runs',
  async (label) => {
    const { ran, state } = await interruptedAt(label, act.deployOf('1.1'));
    expect(ran, ran.err).toMatchObject({ exit: 143 });
    expect(state).toMatchObject({ release: 'releases/1.1', answers: '1.1' });
  },
);

it.each([
  ['migrations', act.migrateTo('rollback'), 'migrate'],
  ['a deploy', act.deployOf('1.1'), 'deploy'],
])(
  '%s whose start fails after TERM: taken back until the service runs',
  async (_, work, command) => {
    const { ran, old, state } = await interruptedAt('step.done:backup-stopped', work, {
      before: (world) => failNext(world.root, 'start'),
    });
    expect(ran, ran.err).toMatchObject({ exit: 143 });
    expect(state).toEqual(old);
    expect(ran.err).toContain(`npx dhash-rollout ${command} --env production --resume goes on`);
  },
);

it('a second TERM leaves the service down, says so on the record, and a resume goes on', async () => {
  const { world, ran, state } = await interruptedAt('step.done:stop', act.deployOf('1.1'), {
    leaveAt: 'step.started:backup-stopped',
  });
  expect(ran, ran.err).toMatchObject({ exit: 143 });
  expect(ran.err).toContain('PRODUCTION IS DOWN: notes was stopped by this run');
  expect(ran.err).toContain('npx dhash-rollout deploy --env production --resume');
  expect(state.answers).toBeNull();
  expect(await recordedIn(world)).toContain('service.left-down');
  world.bury();
  expect(await world.process(act.deployResume)).toMatchObject({ exit: 0 });
  expect(await world.state()).toMatchObject({ release: 'releases/1.1', answers: '1.1' });
});
