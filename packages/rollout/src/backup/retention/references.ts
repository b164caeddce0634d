import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isNotThere } from '../../errors.ts';
import type { Layout } from '../../record/layout.ts';
import type { RecordedRun } from '../../record/runs.ts';

/** Names that somebody may still need, each with the reasons. */
export type Pinned = ReadonlyMap<string, readonly string[]>;

const NAMES = /dhash_\d{8}T\d{6}Z_[A-Za-z0-9._-]+?\.zip/g;

const namesIn = (text: string): string[] => [...new Set(text.match(NAMES) ?? [])];

const recordOf = async (layout: Layout, run: string): Promise<string> => {
  try {
    return await readFile(join(layout.run(run).incident, 'record.json'), 'utf8');
  } catch (error) {
    if (isNotThere(error)) return '';
    throw error;
  }
};

/**
 * The backups and safety zips that open runs and incidents name, anywhere in what they recorded: which event
 * names one does not matter, a name that is found is a reason to keep it.
 *
 * @param incidents names of the incidents that stay
 */
export const referredTo = async (
  layout: Layout,
  runs: readonly RecordedRun[],
  incidents: readonly string[],
): Promise<Pinned> => {
  const pinned = new Map<string, string[]>();
  const pin = (text: string, reason: string) => {
    for (const name of namesIn(text)) pinned.set(name, [...(pinned.get(name) ?? []), reason]);
  };
  for (const { state, events } of runs) {
    if (!state.closed) pin(JSON.stringify(events), `the run ${state.run} is open and names it`);
  }
  for (const run of incidents) {
    const events = runs.find(({ state }) => state.run === run)?.events ?? [];
    const text = JSON.stringify(events) + (await recordOf(layout, run));
    pin(text, `the incident ${run} names it`);
  }
  return pinned;
};
