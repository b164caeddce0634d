import type { RecordedRun } from '../record/runs.ts';
import { type Situation, standingOf } from '../record/standing.ts';
import { type Act, mayDo } from '../record/ways-out.ts';

/** How a watch can be asked for. */
export type WatchAct = Extract<Act, 'monitor' | 'monitor --resume' | 'monitor --extend'>;

/** What a watch belongs to, decided from the record alone. */
export type Attachment =
  /** A deploy that awaits its guard: a new window on it. */
  | { readonly kind: 'guard'; readonly run: RecordedRun }
  /** A window that was cut off: the same run goes on. */
  | { readonly kind: 'resume'; readonly run: RecordedRun }
  /** Nothing awaits a guard: watch and alert, never roll back. */
  | { readonly kind: 'alone' }
  | { readonly kind: 'refused' };

/**
 * @param runs of one environment, newest first
 * @param newest the newest of them that changed release or data; `null`: none did
 */
export const attachWatch = (
  act: WatchAct,
  {
    runs,
    newest,
    situation,
  }: {
    readonly runs: readonly RecordedRun[];
    readonly newest: RecordedRun | null;
    readonly situation: Situation;
  },
): Attachment => {
  const standing = standingOf(situation);
  if (newest !== null && standing !== 'closed') {
    if (!mayDo(act, situation).go) return { kind: 'refused' };
    const isCutOff = standing === 'watched' && newest.state.watch !== null;
    return { kind: isCutOff && act !== 'monitor --extend' ? 'resume' : 'guard', run: newest };
  }
  if (act === 'monitor') return { kind: 'alone' };
  const alone = runs.find(({ state }) => state.kind === 'watch');
  if (
    act === 'monitor --resume' &&
    alone !== undefined &&
    !alone.state.closed &&
    alone.state.watch !== null
  )
    return { kind: 'resume', run: alone };
  return { kind: 'refused' };
};
