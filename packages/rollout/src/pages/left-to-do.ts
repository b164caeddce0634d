import { lastOf, type RecordedEvent } from '../record/events.ts';
import { hasUnfinishedRollback, type RunState } from '../record/run-state.ts';
import type { Holding } from '../record/standing.ts';
import { wayOutCommand } from '../record/way-out-command.ts';
import { waysOut } from '../record/ways-out.ts';
import { setAsideInWords, setAsideOf } from './set-aside.ts';

/** Something that people still have to do. */
export interface LeftToDo {
  readonly text: string;
  /** What can be typed in the folder of rollout.yaml; `null`: nothing. */
  readonly command: string | null;
}

const afterRollback = (state: RunState, events: readonly RecordedEvent[]): LeftToDo[] => {
  const from = state.rolledBack?.from ?? null;
  const hasChanged = from !== null && from !== state.rolledBack?.to;
  if (!hasChanged || lastOf(events, 'rollback.started')?.trigger !== 'gate') return [];
  return [
    {
      text: `Find out why ${from} broke its gate. It is refused until somebody says why it may come again`,
      command: `npx dhash-rollout deploy --env ${state.env} --version ${from} --retry-version --reason "…"`,
    },
  ];
};

/** What of the data is to be decided. */
const withSetAside = (state: RunState, events: readonly RecordedEvent[]): LeftToDo[] => {
  const aside = setAsideOf(events);
  const words = aside === null ? null : setAsideInWords(aside);
  if (words === null) return [];
  return [
    {
      text: `Decide what becomes of what was written meanwhile: ${words}`,
      command: `npx dhash-rollout salvage ${state.run}`,
    },
  ];
};

/** What is left to do after a run, or what can be done in one that is open, the recommended first. Pure. */
export const leftToDo = (
  state: RunState,
  events: readonly RecordedEvent[],
  held: Holding,
): readonly LeftToDo[] => {
  const ways = state.closed
    ? []
    : waysOut(
        { state, rollbackUnfinished: hasUnfinishedRollback(events), held, drift: null },
        { serviceDown: false },
      ).flatMap(({ act, does }): LeftToDo[] => {
        const typed = wayOutCommand(act, { env: state.env, backup: state.backup });
        return typed === null ? [] : [{ text: does, command: `npx dhash-rollout ${typed}` }];
      });
  return [...ways, ...afterRollback(state, events), ...withSetAside(state, events)];
};
