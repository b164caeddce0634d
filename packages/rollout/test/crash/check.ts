import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { verifyBackup } from '@dhash/backup-core';
import { readJournal, verifyJournal } from '@dhash/journal';
import type { Ran } from '../run-main.ts';
import { labelOf } from './points.ts';
import { look } from './recover.ts';
import type { WholeState, World } from './world.ts';

/** The states that are whole, by their names in the table. */
export type Wholes = Readonly<Record<string, WholeState>>;

const filesIn = (folder: string): string[] =>
  existsSync(folder)
    ? (readdirSync(folder, { recursive: true }) as string[])
        .map((name) => join(folder, name))
        .sort()
    : [];

const journalsOf = (root: string): string[] =>
  filesIn(join(root, 'app', '.rollout', 'runs')).filter((file) => file.endsWith('journal.ndjson'));

const labelsOf = async (journal: string): Promise<string[]> => {
  const { events } = await readJournal(journal);
  return events.filter(({ type }) => type !== 'notification.receipt').map(labelOf);
};

/** The same for two worlds from which the same command does the same: names and times that are chance are left out. */
export const fingerprint = async (world: World): Promise<string> => {
  const journals = await Promise.all(journalsOf(world.root).map(labelsOf));
  const names = filesIn(world.root)
    .filter((file) => !/\/(artifacts|notifications|monitor_logs|rollouts)\b/.test(file))
    .map((file) =>
      relative(world.root, file)
        .replaceAll(/\d{8}T\d{6}Z?(-\w+-\w+-[0-9a-f]{4})?/g, 'T')
        .replaceAll(/[0-9a-f-]{8,}/g, 'H'),
    );
  const samples = filesIn(join(world.root, 'app', '.rollout', 'monitor'))
    .filter((file) => file.endsWith('samples.ndjson'))
    .map((file) => readFileSync(file, 'utf8').split('\n').length);
  const data = filesIn(join(world.root, 'data'))
    .filter((file) => file.endsWith('.txt') && statSync(file).isFile())
    .map((file) => readFileSync(file, 'utf8'));
  return JSON.stringify([await world.state(), journals, names, samples, data]);
};

const nameOf = (wholes: Wholes, state: WholeState): string | null =>
  Object.entries(wholes).find(([, whole]) => isDeepStrictEqual(whole, state))?.[0] ?? null;

/** What a process that met a fault may end with, and what must be true then. */
export const checkMet = async (world: World, wholes: Wholes, ran: Ran): Promise<string[]> => {
  const state = await world.state();
  const said = `exit ${ran.exit}: ${ran.err.trim().slice(-400)}`;
  const is = nameOf(wholes, state);
  switch (ran.exit) {
    case 0:
    case 3:
    case 4:
      return is === null ? [`it did not say that all is not as it should be; ${said}`] : [];
    case 1:
      return is === 'old' ? [] : [`1 means as before, and it is ${is ?? 'neither'}; ${said}`];
    case 143:
      return state.answers !== null ||
        wholes['old']?.answers === null ||
        ran.err.includes('IS DOWN')
        ? []
        : [`TERM left it down, and did not say so; ${said}`];
    case 70:
      return [];
    case 6:
      // A rollback that the disk keeps from its end: nothing is claimed of the state, and people hear of it.
      return ran.err.includes('PEOPLE ARE NEEDED NOW') ? [] : [`6, and nobody is called; ${said}`];
    default:
      return [`no such exit was expected; ${said}`];
  }
};

/** Names that a process which came to its end leaves nowhere. */
const leftovers = (root: string): string[] => {
  const found = [...filesIn(join(root, 'data')), ...filesIn(join(root, 'app'))]
    .map((file) => relative(root, file))
    .filter((name) => /dhash-restore|rollout\.lock|\.laying-|\.new$|\.part$/.test(name));
  return found.map((name) => `left behind: ${name}`);
};

/** The types of all events that the records of a world hold, and the names of their steps. */
export const recordedIn = async (world: World): Promise<string[]> => {
  const journals = await Promise.all(journalsOf(world.root).map((file) => readJournal(file)));
  return journals.flatMap(({ events }) =>
    events.flatMap(({ type, step }) => (typeof step === 'string' ? [type, step] : [type])),
  );
};

/** What must be true once somebody went a way out: the name of the state, and what is not true. */
export const checkEnd = async (
  world: World,
  wholes: Wholes,
  did: readonly Ran[],
): Promise<{ readonly outcome: string; readonly problems: string[] }> => {
  // What a process left that was all but over is taken away by the next one that has anything to do.
  const problems = did.length === 0 ? [] : leftovers(world.root);
  const state = await world.state();
  const outcome = nameOf(wholes, state);
  if (outcome === null)
    problems.push(`neither the old nor the new state: ${JSON.stringify(state)}`);
  for (const file of journalsOf(world.root)) {
    const { torn, events } = await verifyJournal(file);
    if (torn && did.length > 0) problems.push(`a torn record after ${events} lines`);
  }
  for (const name of readdirSync(world.root).includes('backups')
    ? readdirSync(join(world.root, 'backups')).filter((each) => each.endsWith('.zip'))
    : [])
    await verifyBackup(join(world.root, 'backups', name));
  for (const [turn, { exit, err }] of did.entries()) {
    // 3: nobody watched for too long; it waits for somebody who lets it be watched for longer. 6: what the act fails
    // at met the way out too, and the same way was gone once more.
    const isMeanwhile = turn < did.length - 1 && exit === 6;
    const isTrue = [0, 3, 4].includes(exit) || (exit === 1 && outcome === 'old') || isMeanwhile;
    if (!isTrue)
      problems.push(`exit ${exit} on a state that is ${outcome}: ${err.trim().slice(-600)}`);
  }
  await look(world);
  return { outcome: outcome ?? 'neither', problems };
};
