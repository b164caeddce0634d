import { allOf, type RecordedEvent } from './events.ts';
import { foldRun } from './run-state.ts';

/** What was live, as a run set it aside before it put other data there. */
export interface SetAsideCopy {
  /** The zip. Absolute. */
  readonly file: string;
  /** The backup that the data went back to; relative to the folder of rollout.yaml, or absolute. `null`: not known. */
  readonly base: string | null;
  /** ISO 8601, UTC. */
  readonly at: string;
}

const fileIn = (data: unknown): string | null =>
  typeof data === 'object' && data !== null && 'file' in data && typeof data.file === 'string'
    ? data.file
    : null;

/** All that a run set aside, oldest first: by its rollbacks, and before its undos. Pure. */
export const setAsideCopies = (
  run: string,
  events: readonly RecordedEvent[],
): readonly SetAsideCopy[] => {
  const backups = allOf(events, 'rollback.started');
  const rolledBackTo = (seq: number) =>
    backups.findLast((started) => started.seq < seq)?.backup ?? null;
  return allOf(events, 'data.set-aside', 'put-aside.kept', 'step.done').flatMap(
    (event): SetAsideCopy[] => {
      const { at, seq } = event;
      if (event.type === 'data.set-aside') {
        const own = foldRun(run, events.slice(0, events.indexOf(event)))?.backup ?? null;
        return [{ file: event.file, base: own, at }];
      }
      if (event.type === 'put-aside.kept')
        return [{ file: event.file, base: rolledBackTo(seq), at }];
      const file =
        event.scope === 'rollback' && event.step === 'safety' ? fileIn(event.data) : null;
      return file === null ? [] : [{ file, base: rolledBackTo(seq), at }];
    },
  );
};
