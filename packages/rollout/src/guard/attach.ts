import type { RecordedRun } from '../record/runs.ts';

/** What a watch belongs to, decided from the record alone. */
export type Attachment =
  /** A deploy that awaits its guard: a new window on it. */
  | { readonly kind: 'guard'; readonly run: RecordedRun }
  /** A window that was cut off: the same run goes on. */
  | { readonly kind: 'resume'; readonly run: RecordedRun }
  /** Nothing awaits a guard: watch and alert, never roll back. */
  | { readonly kind: 'alone' }
  | {
      readonly kind: 'refused';
      readonly exit: 2 | 7;
      readonly message: string;
      readonly hint: string;
    };

/**
 * @param runs of one environment, newest first
 * @param resume whether `--resume` was asked for
 */
export const attachWatch = (
  runs: readonly RecordedRun[],
  { resume, env }: { readonly resume: boolean; readonly env: string },
): Attachment => {
  const change = runs.find(({ state }) => state.kind !== 'watch');
  const open = change !== undefined && !change.state.closed ? change : undefined;
  switch (open?.state.status) {
    case 'watching':
    case 'interrupted':
      if (open.state.watch !== null) return { kind: 'resume', run: open };
      return { kind: 'guard', run: open };
    case 'awaiting guard':
    case 'inconclusive':
    case 'alerted':
    case 'frozen':
      if (!resume) return { kind: 'guard', run: open };
      return {
        kind: 'refused',
        exit: 2,
        message: `run ${open.state.run} is ${open.state.status}: there is no cut-off watch to resume`,
        hint: `watch it anew: npx dhash-rollout monitor --env ${env}`,
      };
    case 'in progress':
      return {
        kind: 'refused',
        exit: 7,
        message: `run ${open.state.run} was cut off in its ${open.state.kind}`,
        hint: `npx dhash-rollout ${open.state.kind} --env ${env} --resume${open.state.kind === 'deploy' ? `, or deploy --env ${env} --abort` : ''}`,
      };
    case 'rolling back':
    case 'needs people':
      return {
        kind: 'refused',
        exit: 7,
        message: `run ${open.state.run} is ${open.state.status}`,
        hint: `npx dhash-rollout rollback --env ${env} --resume, or status --env ${env}`,
      };
    default:
      break;
  }
  if (!resume) return { kind: 'alone' };
  const alone = runs.find(({ state }) => state.kind === 'watch');
  if (alone !== undefined && !alone.state.closed && alone.state.watch !== null)
    return { kind: 'resume', run: alone };
  return {
    kind: 'refused',
    exit: 2,
    message: `${env} has no watch that was cut off`,
    hint: `start one: npx dhash-rollout monitor --env ${env}`,
  };
};
