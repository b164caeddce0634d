import { expect, it, vi } from 'vitest';
import { Interrupted } from '../../src/environment/context.ts';
import * as act from './acts.ts';
import { takeOverDisk } from './disk.ts';
import { countPoints } from './points.ts';
import { failNext } from './stand-in.ts';
import { makeWorld, type Work, type World } from './world.ts';

vi.mock('node:worker_threads', async (original) => ({
  ...(await original<object>()),
  Worker: (await import('./thread.ts')).WorkerInThread,
}));

/** 1.0 is live; then an act gets TERM as soon as this is on its record. */
const interruptedAt = async (label: string, work: Work, before?: (world: World) => void) => {
  vi.stubEnv('PATH', '/nowhere');
  const world = await makeWorld();
  const disk = await takeOverDisk(world.root);
  expect(await world.process(act.deployOf('1.0'))).toMatchObject({ exit: 0 });
  expect(await world.process(act.promote)).toMatchObject({ exit: 0 });
  before?.(world);
  const old = await world.state();
  const term = new AbortController();
  disk.onDurable = countPoints({ root: world.root, within: 'records' }, (point) => {
    if (point.label === label) term.abort(new Interrupted('SIGTERM'));
  });
  const ran = await world.process(work, { signal: term.signal });
  return { ran, old, state: await world.state() };
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
    const { ran, old, state } = await interruptedAt('step.done:backup-stopped', work, (world) =>
      failNext(world.root, 'start'),
    );
    expect(ran, ran.err).toMatchObject({ exit: 143 });
    expect(state).toEqual(old);
    expect(ran.err).toContain(`npx dhash-rollout ${command} --env production --resume goes on`);
  },
);
