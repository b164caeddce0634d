import { readdir } from 'node:fs/promises';
import { type JournalEvent, readJournal } from '@dhash/journal';
import type { Layout } from './layout.ts';
import { foldRun, type RunState } from './run-state.ts';

/** A run and the journal it was folded from. */
export interface RecordedRun {
  readonly state: RunState;
  readonly events: readonly JournalEvent[];
}

const runFolders = async (layout: Layout): Promise<string[]> => {
  try {
    const entries = await readdir(layout.rollouts, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
};

/** Reads one run; `null` where its journal holds no whole line yet. */
export const readRun = async (layout: Layout, run: string): Promise<RecordedRun | null> => {
  try {
    const { events } = await readJournal(layout.run(run).journal);
    const state = foldRun(run, events);
    return state === null ? null : { state, events };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
};

/** All runs of an environment (of all where it is `null`), newest first: names start with the time. */
export const listRuns = async (layout: Layout, env: string | null): Promise<RecordedRun[]> => {
  const names = (await runFolders(layout)).sort().reverse();
  const runs: RecordedRun[] = [];
  for (const name of names) {
    if (env !== null && !name.includes(`-${env}-`)) continue;
    const run = await readRun(layout, name);
    if (run !== null && (env === null || run.state.env === env)) runs.push(run);
  }
  return runs;
};

/** The newest run that can hold a deploy back: a watch of its own never does. */
export const newestChange = (runs: readonly RecordedRun[]): RecordedRun | null =>
  runs.find(({ state }) => state.kind !== 'watch') ?? null;
