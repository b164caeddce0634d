import type { Ran } from '../run-main.ts';
import * as act from './acts.ts';
import type { WholeState, Work, World } from './world.ts';

/** An act whose points are gone through. */
export interface Scenario {
  readonly name: string;
  /** Brings a new project to where the act begins; gives the states that are whole beside that one. */
  readonly before: (world: World) => Promise<readonly WholeState[]>;
  readonly work: (world: World) => Work;
  /** Its exit code where it meets no fault. */
  readonly exit: number;
  /** What fails in it all the same, once. */
  readonly failing?: 'activate' | 'start';
  /** It lives through faults at each of its points, not only at those of a new kind. */
  readonly everyFault?: true;
  /** What its points are, where that is not its record. */
  readonly within?: 'backups';
}

const done = async (world: World, work: Work): Promise<Ran> => {
  const ran = await world.process(work);
  if (ran.exit !== 0) throw new Error(`exit ${ran.exit}: ${ran.err}`);
  return ran;
};

/** 1.0 is live and promoted. */
const trusted = async (world: World): Promise<[]> => {
  await done(world, act.deployOf('1.0'));
  await done(world, act.promote);
  return [];
};

/** Another release is live and awaits its guard; before it was 1.0. */
const unguarded =
  (version: string) =>
  async (world: World): Promise<readonly WholeState[]> => {
    await trusted(world);
    const old = await world.state();
    await done(world, act.deployOf(version));
    return [old];
  };

/** What the tests go through. Together they reach every step, and every event that such acts can write. */
export const scenarios: readonly Scenario[] = [
  { name: 'first deploy', before: async () => [], work: () => act.deployOf('1.0'), exit: 0 },
  {
    name: 'first deploy that fails',
    before: async () => [],
    work: () => act.deployOf('1.0'),
    exit: 1,
    failing: 'activate',
  },
  { name: 'deploy', before: trusted, work: () => act.deployOf('1.1'), exit: 0 },
  {
    name: 'deploy that fails before its start',
    before: trusted,
    work: () => act.deployOf('1.1'),
    exit: 1,
    failing: 'activate',
  },
  {
    name: 'deploy that fails at its start',
    before: trusted,
    work: () => act.deployOf('1.1'),
    exit: 1,
    failing: 'start',
  },
  { name: 'abort', before: unguarded('1.1'), work: () => act.deployAbort, exit: 0 },
  { name: 'migrate', before: trusted, work: () => act.migrateTo('rollback'), exit: 0 },
  {
    name: 'migrate that fails',
    before: trusted,
    work: () => act.migrateTo('rollback'),
    exit: 1,
    failing: 'start',
  },
  {
    name: 'rollback',
    before: unguarded('1.1'),
    work: (world) => act.rollbackTo(world.backup()),
    exit: 0,
  },
  {
    name: 'watch',
    before: unguarded('1.1'),
    work: () => act.watch(false),
    exit: 0,
    everyFault: true,
  },
  {
    name: 'watch that breaks',
    before: unguarded('1.2'),
    work: () => act.watch(false),
    exit: 4,
    everyFault: true,
  },
  { name: 'backup', before: trusted, work: () => act.takeBackup, exit: 0, within: 'backups' },
];
