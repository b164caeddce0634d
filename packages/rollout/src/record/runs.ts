import { readdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import {
  isJournalError,
  isRightMissing,
  JournalError,
  missingRight,
  readJournal,
} from '@dhash/journal';
import { exitCodes, isNotThere, isRolloutError, RolloutError } from '../errors.ts';
import type { RecordedEvent } from './events.ts';
import type { Layout } from './layout.ts';
import { readEvents } from './read-events.ts';
import { foldRun, type RunState } from './run-state.ts';

/** A run and the journal it was folded from. */
export interface RecordedRun {
  readonly state: RunState;
  readonly events: readonly RecordedEvent[];
}

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (entry) => entry.isDirectory(),
    // A link that leads nowhere, or where this user can't look: in the latter case it may be a run's.
    (error: unknown) => isRightMissing(error),
  );

/** Names of the runs in a folder of records; throws where it can't be listed. */
const runsIn = async (folder: string): Promise<string[]> => {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names: string[] = [];
    for (const entry of entries)
      if (
        entry.isDirectory() ||
        (entry.isSymbolicLink() && (await isFolder(join(folder, entry.name))))
      )
        names.push(entry.name);
    return names;
  } catch (error) {
    if (isNotThere(error)) return [];
    throw asUnread(error, folder);
  }
};

/** What the system does not let us read is a record that can't be read, with the right that is missing. */
const asUnread = (error: unknown, path: string): unknown =>
  isRightMissing(error)
    ? new JournalError(
        'no-right',
        `it can not be read: ${missingRight(path, 'read')}`,
        { file: path },
        { cause: error },
      )
    : error;

/** Reads one run; `null` where its journal holds no whole line yet. */
export const readRun = async (layout: Layout, run: string): Promise<RecordedRun | null> => {
  try {
    const { journal } = layout.run(run);
    const events = readEvents((await readJournal(journal)).events, journal);
    const state = foldRun(run, events);
    return state === null ? null : { state, events };
  } catch (error) {
    if (isNotThere(error)) return null;
    throw asUnread(error, layout.run(run).journal);
  }
};

/** A record that does not verify or can't be read: nothing is known of its run but what its name says. */
export interface BrokenRun {
  readonly run: string;
  /** Absolute. */
  readonly file: string;
  readonly problem: string;
  /** This user may not read it; another may. */
  readonly isUnreadable: boolean;
}

/** In place of a run's name, where not even the names can be read; it sorts as the newest. */
const unknownRuns = 'unknown runs';

export interface Survey {
  readonly runs: readonly RecordedRun[];
  readonly broken: readonly BrokenRun[];
}

/** The environment in a run's name; `null` where the name is not of our making. */
export const environmentIn = (run: string): string | null =>
  /^\d{8}T\d{6}Z-(.+)-(?:deploy|migrate|rollback|watch|service|freeze|salvage)-[^-]+$/.exec(
    run,
  )?.[1] ?? null;

/** When a run began, to the second: names never go back where the clock does. */
const secondOf = ({ state: { run } }: RecordedRun): string => run.slice(0, run.indexOf('-'));

/** Newest first; runs that began in the same second differ by their first line's time. */
export const byAge = (a: RecordedRun, b: RecordedRun): number =>
  secondOf(b).localeCompare(secondOf(a)) ||
  b.state.openedAt.localeCompare(a.state.openedAt) ||
  b.state.run.localeCompare(a.state.run);

/** All runs of an environment (of all where it is `null`), newest first, and the records that are broken. */
export const surveyRuns = async (layout: Layout, env: string | null): Promise<Survey> => {
  const runs: RecordedRun[] = [];
  const broken: BrokenRun[] = [];
  const note = (error: unknown, run: string, file: string): void => {
    if (!isJournalError(error) && !isRolloutError(error)) throw error;
    const isUnreadable = error.code === 'no-right';
    broken.push({ run, file, problem: error.message, isUnreadable });
  };
  const names = new Set<string>();
  for (const folder of [layout.shared?.runs, layout.rollouts])
    try {
      for (const name of folder === undefined ? [] : await runsIn(folder)) names.add(name);
    } catch (error) {
      note(error, unknownRuns, folder ?? '');
    }
  for (const name of [...names].sort().reverse()) {
    if (env !== null && !name.includes(`-${env}-`)) continue;
    try {
      const run = await readRun(layout, name);
      if (run !== null && (env === null || run.state.env === env)) runs.push(run);
    } catch (error) {
      if (
        !(isJournalError(error) || isRolloutError(error)) ||
        env === null ||
        environmentIn(name) === env
      )
        note(error, name, layout.run(name).journal);
    }
  }
  // Where not even the names can be read, each link to such a run would say the same once more.
  const isUnknown = broken.find(({ run }) => run === unknownRuns);
  const told = broken.filter(
    (one) => isUnknown === undefined || one === isUnknown || !one.isUnreadable,
  );
  return { runs: runs.sort(byAge), broken: told };
};

/**
 * The same, for whoever must know them all: what an unread record says could forbid the next act.
 *
 * @throws RolloutError (exit 8), naming the first broken record.
 */
export const listRuns = async (
  layout: Layout,
  env: string | null,
): Promise<readonly RecordedRun[]> => {
  const { runs, broken } = await surveyRuns(layout, env);
  const first = broken[0];
  if (first === undefined) return runs;
  throw new RolloutError('broken-record', exitCodes.notVerified, first.problem, {
    hints: [
      first.isUnreadable
        ? `nothing is begun where a record can't be read: give this user the right to read ${first.file}, or come as the user who has it`
        : `nothing is begun on a record that does not verify; find out who changed it, then move ${dirname(first.file)} to another place`,
      'an emergency rollback still works: rollback --env ENV --backup FILE',
    ],
  });
};

/** The newest run that can hold others back: those that change release or data. */
export const newestChange = (runs: readonly RecordedRun[]): RecordedRun | null =>
  runs.find(({ state }) => ['deploy', 'migrate', 'rollback'].includes(state.kind)) ?? null;
