import { resolve } from 'node:path';
import { type Act, acts, mayDo } from '../../src/record/ways-out.ts';
import { type SituationNow, situationNow } from '../../src/takeover/require-way-out.ts';
import type { Ran } from '../run-main.ts';
import * as act from './acts.ts';
import type { Work, World } from './world.ts';

export const ways = ['resume', 'abort'] as const;
export type Way = (typeof ways)[number];

/** What the next person finds, as `status` reads it. */
export const look = async (world: World): Promise<SituationNow> => {
  let situation: SituationNow | undefined;
  const looked = await world.process(async (_context, environment) => {
    situation = await situationNow(environment);
    return { exit: 0 };
  });
  if (situation === undefined) throw new Error(`the situation can't be read: ${looked.err}`);
  return situation;
};

const accepted = (situation: SituationNow): readonly Act[] =>
  acts.filter((each) => mayDo(each, situation).go);

const resumes: Partial<Record<Act, Work>> = {
  'deploy --resume': act.deployResume,
  'migrate --resume': act.migrateResume,
  'rollback --resume': act.rollbackResume,
  'monitor --resume': act.watch(true),
};

/** What a person types who wants it to go on, or wants it undone; `null`: there is nothing of the kind to type. */
const wayOut = (world: World, way: Way, situation: SituationNow): Work | null => {
  const { state } = situation;
  if (state === null || state.closed) return null;
  const may = accepted(situation);
  if (way === 'resume') {
    const found = may.find((each) => resumes[each] !== undefined);
    if (found !== undefined) return resumes[found] ?? null;
    // An undo that failed is tried again by its own name.
    return state.status === 'needs people' && may.includes('deploy --abort')
      ? act.deployAbort
      : null;
  }
  if (may.includes('deploy --abort')) return act.deployAbort;
  if (!may.includes('rollback')) return null;
  const own = state.backup === null ? null : resolve(world.root, state.backup);
  return act.rollbackTo(own ?? world.backup());
};

/** Goes a way out to its end. A backup has none: it is taken again. */
export const recover = async (
  world: World,
  way: Way,
  { within, work: again }: { readonly within: 'records' | 'backups'; readonly work: Work },
): Promise<readonly Ran[]> => {
  if (within === 'backups') return way === 'resume' ? [await world.process(again)] : [];
  const did: Ran[] = [];
  // One that is resumed may end in an undo, which is not resumed by the same command again.
  for (let turn = 0; turn < 3; turn += 1) {
    const work = wayOut(world, way, await look(world));
    if (work === null) break;
    did.push(await world.process(work));
  }
  return did;
};
