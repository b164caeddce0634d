import { readdir } from 'node:fs/promises';
import { isJournalError, readJournal } from '@dhash/journal';
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

const runFolders = async (layout: Layout): Promise<string[]> => {
  try {
    const entries = await readdir(layout.rollouts, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (isNotThere(error)) return [];
    throw error;
  }
};

/** Reads one run; `null` where its journal holds no whole line yet. */
export const readRun = async (layout: Layout, run: string): Promise<RecordedRun | null> => {
  try {
    const { journal } = layout.run(run);
    const events = readEvents((await readJournal(journal)).events, journal);
    const state = foldRun(run, events);
    return state === null ? null : { state, events };
  } catch (error) {
    if (isNotThere(error)) return null;
    throw error;
  }
};

/** A record that does not verify: nothing is known of its run but what its name says. */
export interface BrokenRun {
  readonly run: string;
  /** Absolute. */
  readonly file: string;
  readonly problem: string;
}

export interface Survey {
  readonly runs: readonly RecordedRun[];
  readonly broken: readonly BrokenRun[];
}

/** The environment in a run's name; `null` where the name is not of our making. */
export const environmentIn = (run: string): string | null =>
  /^\d{8}T\d{6}Z-(.+)-(?:deploy|migrate|rollback|watch|service|freeze)-[^-]+$/.exec(run)?.[1] ??
  null;

/** Newest first; runs that began in the same second differ by their first line's time. */
const byAge = (a: RecordedRun, b: RecordedRun): number =>
  b.state.openedAt.localeCompare(a.state.openedAt) || b.state.run.localeCompare(a.state.run);

/** All runs of an environment (of all where it is `null`), newest first, and the records that are broken. */
export const surveyRuns = async (layout: Layout, env: string | null): Promise<Survey> => {
  const runs: RecordedRun[] = [];
  const broken: BrokenRun[] = [];
  for (const name of (await runFolders(layout)).sort().reverse()) {
    if (env !== null && !name.includes(`-${env}-`)) continue;
    try {
      const run = await readRun(layout, name);
      if (run !== null && (env === null || run.state.env === env)) runs.push(run);
    } catch (error) {
      if (!isJournalError(error) && !isRolloutError(error)) throw error;
      if (env === null || environmentIn(name) === env)
        broken.push({ run: name, file: layout.run(name).journal, problem: error.message });
    }
  }
  return { runs: runs.sort(byAge), broken };
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
      `nothing is begun on a record that does not verify; find out who changed it, then move ${layout.run(first.run).folder} out of ${layout.rollouts}`,
      'an emergency rollback still works: rollback --env ENV --backup FILE',
    ],
  });
};

/** The newest run that can hold others back: those that change release or data. */
export const newestChange = (runs: readonly RecordedRun[]): RecordedRun | null =>
  runs.find(({ state }) => ['deploy', 'migrate', 'rollback'].includes(state.kind)) ?? null;
