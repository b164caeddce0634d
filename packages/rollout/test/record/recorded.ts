import type { RecordedEvent } from '../../src/record/events.ts';
import { foldRun, type RunState } from '../../src/record/run-state.ts';

/** Events as a record would hold them, a second apart from 2026-11-24T10:00:00Z on. */
export const recorded = (
  ...given: readonly { readonly type: string; readonly [field: string]: unknown }[]
): RecordedEvent[] =>
  given.map(
    (event, index) =>
      ({
        at: `2026-11-24T10:00:0${index}.000Z`,
        seq: index + 1,
        prev: '',
        hash: `h${index + 1}`,
        ...event,
      }) as unknown as RecordedEvent,
  );

/** The state that a run's events come to. */
export const folded = (events: readonly RecordedEvent[], run = 'r'): RunState => {
  const state = foldRun(run, events);
  if (state === null) throw new Error('no run is opened in these events');
  return state;
};
