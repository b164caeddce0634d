import type { RunEnding } from '@dhash/quality-gates/tune';
import { allOf, lastOf } from '../record/events.ts';
import type { RecordedRun } from '../record/runs.ts';

/** The release that a rollback by hand took out, in a run of its own. */
const takenOutBy = ({ state }: RecordedRun): string | null => {
  const { kind, status, rolledBack } = state;
  if (kind !== 'rollback' || status !== 'rolled back' || rolledBack === null) return null;
  // Where only the data went back, the release stayed.
  return rolledBack.from === rolledBack.to ? null : rolledBack.from;
};

/**
 * What became of a watched deploy, by its own record and those after it (`later`, oldest first, same
 * environment). What an ending makes of a broken gate, `alarmOf` of `@dhash/quality-gates/tune` says.
 */
export const endingOfRun = (
  { state, events }: RecordedRun,
  later: readonly RecordedRun[],
): RunEnding => {
  const { version, rolledBack, status } = state;
  if (status === 'rolled back') {
    if (rolledBack?.from === rolledBack?.to) return 'undecided';
    const isBack = later.some(
      (run) =>
        run.state.kind === 'deploy' &&
        run.state.version === version &&
        run.state.status === 'promoted',
    );
    return isBack ? 'returned' : 'rolled back';
  }
  if (status !== 'promoted') return 'undecided';
  const nextDeploy = later.findIndex(({ state: { kind } }) => kind === 'deploy');
  const before = nextDeploy === -1 ? later : later.slice(0, nextDeploy);
  if (version !== null && before.some((run) => takenOutBy(run) === version)) return 'rolled back';
  return lastOf(events, 'run.closed')?.user === undefined ? 'promoted' : 'overridden';
};

/** Gates that broke in a run, as its record has it. */
export const brokeAtTheTime = ({ events }: RecordedRun): string[] => [
  ...new Set([
    ...allOf(events, 'verdict.changed')
      .filter(({ to }) => to === 'break')
      .map(({ gate }) => gate),
    ...allOf(events, 'watch.ended').flatMap(({ broken = [] }) => broken.map(({ gate }) => gate)),
  ]),
];
