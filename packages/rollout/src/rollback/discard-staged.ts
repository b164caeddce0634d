import { discardWork, restoreTargets } from '@dhash/backup-core';
import type { OpenRun } from '../environment/open-run.ts';
import { allOf, type RecordedEvent } from '../record/events.ts';

/**
 * Ids of the rollbacks on this record that staged their data, or began to, and never swapped it in: each left a copy
 * of the data beside the live one. Pure.
 */
export const stagedOnRecord = (events: readonly RecordedEvent[]): string[] => {
  const staged = new Set<string>();
  let id: string | null = null;
  for (const event of allOf(events, 'step.started', 'step.done', 'step.undone')) {
    const { type, step } = event;
    if (event.scope !== 'rollback') continue;
    if (event.type === 'step.done' && step === 'verify') id = idOf(event.data);
    if (id === null) continue;
    if (type === 'step.started' && step === 'stage') staged.add(id);
    // Taken back, or from here on the matter of its swap.
    if (type === 'step.undone' && step === 'stage') staged.delete(id);
    if (type === 'step.started' && step === 'swap') staged.delete(id);
    if (type === 'step.undone' && step === 'swap') staged.add(id);
  }
  return [...staged];
};

const idOf = (data: unknown): string | null =>
  typeof data === 'object' && data !== null && 'id' in data && typeof data.id === 'string'
    ? data.id
    : null;

/** Removes what rollbacks that were cut off staged and another one does not need. */
export const discardStaged = async ({
  environment: { config },
  recorder,
}: Pick<OpenRun, 'environment' | 'recorder'>): Promise<void> => {
  for (const id of stagedOnRecord(recorder.events))
    await discardWork(restoreTargets(config.data, id), { sources: config.data });
};
