import { afterAll, expect, it, vi } from 'vitest';
import { eventSchemas } from '../../src/record/events.ts';
import type { Wholes } from './check.ts';
import { type Act, deaths, enumerate, type Fault, faults } from './crash.ts';
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
const table: Table = { cells: [], points: [], recorded: new Set(), processes: 0 };

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

const labels = new Set<string>();

/** A process dies at every point; it lives through a fault where no act before was at a point of that kind, or everywhere. */
const faultsAt = ({ label }: Point, { everyFault }: Scenario): readonly Fault[] => {
  const isKnown = labels.has(label) && everyFault !== true;
  if (isKnown && process.env['CRASH_TABLE'] !== 'all') return deaths;
  labels.add(label);
  return faults;
};

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
      for (const fault of faultsAt(point, scenario))
        problems.push(
          ...(await tryFault(table, { name, world, disk, act, wholes, known }, { fault, point })),
        );
    }
    expect(problems).toEqual([]);
  },
);

/** Steps and events that no row need reach, and where they are gone through instead. */
const elsewhere: Readonly<Record<string, string>> = {
  drill: 'system/deploy-drill.test.ts kills it for real',
  'drill-stopped': 'system/deploy-drill.test.ts kills it for real',
  'set-aside': 'only older records have it',
  'watch.extended': 'an act of its own: system/ways-out.test.ts',
  'migrate.status': "another tool's migrations: system/another-language.test.ts kills it for real",
  'salvage.started': 'an act of its own: system/salvage.test.ts',
  'salvage.put': 'an act of its own: system/salvage.test.ts',
  'freeze.set': 'an act of its own: freeze/freeze.test.ts',
  'service.stopped': 'an act of its own: system/careful-hands.test.ts',
  'service.started': 'an act of its own: system/careful-hands.test.ts',
  'guard.missed': 'written by a look from outside: guard/watchdog.test.ts',
  'request.taken': 'needs a second terminal: system/other-terminal.test.ts',
  'request.ignored': 'needs a second terminal: system/other-terminal.test.ts',
  'request.unreadable': 'needs a second terminal: system/other-terminal.test.ts',
  'record.broken': 'needs a damaged record: system/broken-record.test.ts',
  'certificate.ended': 'needs HTTPS: packages/monitor/test',
  'clock.stepped': 'needs a clock that is set: packages/monitor/test',
  'watch.impaired': 'needs samples that fail while the record does not: event-messages.test.ts',
  'watch.lost': 'needs a watch that fails while its record does not: event-messages.test.ts',
  'gate.blind': 'needs polls that are missed: packages/monitor/test',
  'way-back.looked': 'needs obstacles: guard/watch-way-back.test.ts',
  'rollback.withheld': 'needs a gap of 15 minutes: guard/gap.test.ts',
  'put-aside.kept': 'needs two rollbacks: system/rollback-over-another.test.ts',
  'service.left-down': 'needs a second signal: crash/term.test.ts',
};

it.runIf(every === 1)('has a row for every step and every event', () => {
  const steps = eventSchemas['step.started'].shape.step.options;
  const all: readonly string[] = [...steps, ...Object.keys(eventSchemas)];
  const isMissing = (name: string) => !table.recorded.has(name) && elsewhere[name] === undefined;
  expect(all.filter(isMissing)).toEqual([]);
});

afterAll(() => {
  console.log(printed(table));
});
