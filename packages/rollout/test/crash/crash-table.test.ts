import { afterAll, expect, it, vi } from 'vitest';
import { eventSchemas } from '../../src/record/events.ts';
import { type Wholes, written } from './check.ts';
import { type Act, enumerate, faults } from './crash.ts';
import { takeOverDisk } from './disk.ts';
import type { Point } from './points.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { failNext } from './stand-in.ts';
import { printed, type Table, tryFault } from './table.ts';
import { makeWorld, type Work, type World } from './world.ts';

vi.mock('node:worker_threads', async (original) => ({
  ...(await original<object>()),
  Worker: (await import('./thread.ts')).WorkerInThread,
}));

/** Every how many-th point is gone through: all of them, unless somebody is in a hurry. */
const every = Number(process.env['CRASH_EVERY'] ?? 1);
const table: Table = { cells: [], points: [], processes: 0 };

/** What an earlier act of this table went through, by all that had happened until then. */
const seen = new Set<string>();
const newPoints = (all: readonly Point[]): Point[] =>
  all.filter((_, index) => {
    const upToHere = all.slice(0, index + 1).map(({ label }) => label);
    const key = upToHere.join(' ');
    const isNew = !seen.has(key);
    seen.add(key);
    return isNew;
  });

/** Brings a world to where an act begins, and says what is whole: as it is then, after the act, and what came before. */
const begin = async (
  world: World,
  { before, work, failing }: Scenario,
): Promise<{ readonly work: Work; readonly wholes: Wholes }> => {
  const others = await before(world);
  world.save('before');
  const old = await world.state();
  const act = work(world);
  await world.process(act);
  const wholes = {
    old,
    new: await world.state(),
    ...Object.fromEntries(others.map((state, index) => [`older ${index + 1}`, state])),
  };
  world.load('before');
  if (failing !== undefined) failNext(world.root, failing);
  world.save('before');
  return { work: act, wholes };
};

it.each(scenarios)(
  '$name: whatever happens, old or new',
  { timeout: 1_200_000 },
  async (scenario) => {
    const { name, exit, within = 'records' } = scenario;
    // No getfattr: a process for each look at each file.
    vi.stubEnv('PATH', '/nowhere');
    const world = await makeWorld();
    const disk = await takeOverDisk(world.root);
    const { work, wholes } = await begin(world, scenario);
    const act: Act = { work, within };
    const { points, ran } = await enumerate(world, disk, act);
    expect(ran.exit, ran.err).toBe(exit);
    const known = new Map<string, string>();
    const problems: string[] = [];
    for (const point of newPoints(points)) {
      table.points.push({ act: name, label: point.label });
      if (table.points.length % every !== 0) continue;
      for (const fault of faults)
        problems.push(
          ...(await tryFault(table, { name, world, disk, act, wholes, known }, { fault, point })),
        );
    }
    expect(problems).toEqual([]);
  },
);

/** What no row above reaches, and where it is gone through instead. */
const elsewhere: Readonly<Record<string, string>> = {
  drill: 'system/deploy-drill.test.ts kills it for real',
  'drill-stopped': 'the same',
  'set-aside': 'only older records have it',
  'incident-not-validated': '@dhash/rollback goes through rollbacks that do not validate',
};

it.runIf(every === 1)('has a row for every step and every event', () => {
  const steps = eventSchemas['step.started'].shape.step.options;
  const all: readonly string[] = [...steps, ...Object.keys(eventSchemas)];
  expect(all.filter((name) => !written.has(name) && elsewhere[name] === undefined)).toEqual([]);
  // A row that came meanwhile makes its excuse a lie.
  expect(Object.keys(elsewhere).filter((name) => written.has(name))).toEqual([]);
});

afterAll(() => {
  console.log(printed(table));
});
