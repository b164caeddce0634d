import type { JournalEvent } from '@dhash/journal';
import type { RunKind } from './run-id.ts';

/** Where a run stands, as its journal alone tells. */
export type RunStatus =
  | 'in progress'
  | 'awaiting guard'
  | 'watching'
  | 'interrupted'
  | 'rolling back'
  | 'frozen'
  | 'inconclusive'
  | 'alerted'
  | 'needs people'
  | 'promoted'
  | 'rolled back'
  | 'aborted'
  | 'failed and undone'
  | 'superseded'
  | 'done';

export interface RunState {
  readonly run: string;
  readonly kind: RunKind;
  readonly env: string;
  readonly status: RunStatus;
  /** The release this run put, or meant to put, in place. */
  readonly version: string | null;
  readonly previous: string | null;
  /** File of the run's own backup, relative to the folder of rollout.yaml. */
  readonly backup: string | null;
  readonly watch: { readonly startedAt: number; readonly fingerprint: string } | null;
  /** Releases that a rollback of this run went from and to; equal where only the data went back. */
  readonly rolledBack: { readonly from: string | null; readonly to: string | null } | null;
  readonly openedAt: string;
  readonly endedAt: string | null;
  /** True once nothing more can happen in it. */
  readonly closed: boolean;
  readonly reasons: readonly string[];
  readonly head: string;
}

const text = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const runKinds: readonly RunKind[] = ['deploy', 'migrate', 'rollback', 'watch'];
const kindOf = (value: unknown): RunKind => runKinds.find((kind) => kind === value) ?? 'deploy';

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** The status that each event leaves behind; an event that is not here changes none. */
const statusAfter: Record<string, RunStatus> = {
  'deploy.awaiting-guard': 'awaiting guard',
  'watch.started': 'watching',
  'watch.resumed': 'watching',
  'rollback.resumed': 'rolling back',
  'rollback.put-back': 'interrupted',
  'rollback.not-validated': 'needs people',
  'deploy.resumed': 'in progress',
  'migrate.resumed': 'in progress',
  'abort.started': 'in progress',
  'run.stuck': 'needs people',
  'rollback.withheld': 'alerted',
};

const statusAfterWatch: Record<string, RunStatus> = {
  interrupted: 'interrupted',
  'stood-down': 'interrupted',
  paused: 'interrupted',
  freeze: 'frozen',
  alert: 'alerted',
  inconclusive: 'inconclusive',
};

const statusAfterClose: Record<string, RunStatus> = {
  promoted: 'promoted',
  'rolled back': 'rolled back',
  aborted: 'aborted',
  'failed and undone': 'failed and undone',
  superseded: 'superseded',
  done: 'done',
};

/** The newest backup step of a deploy is the run's own backup. */
const backupOf = (event: JournalEvent): string | null => {
  const { step, data } = event;
  if (typeof step !== 'string' || !step.startsWith('backup')) return null;
  return typeof data === 'object' && data !== null && 'file' in data ? text(data['file']) : null;
};

const next = (state: RunState, event: JournalEvent): RunState => {
  switch (event.type) {
    case 'deploy.planned':
      return {
        ...state,
        version: text(event['version']) ?? state.version,
        previous: text(event['previous']),
      };
    case 'step.done':
      return { ...state, backup: backupOf(event) ?? state.backup };
    case 'watch.started':
      return {
        ...state,
        status: 'watching',
        watch: {
          startedAt: Number(event['startedAt']),
          fingerprint: text(event['fingerprint']) ?? '',
        },
      };
    case 'watch.ended':
      return {
        ...state,
        status: statusAfterWatch[text(event['decision']) ?? ''] ?? state.status,
        reasons: texts(event['reasons']),
      };
    case 'rollback.started':
      return {
        ...state,
        status: 'rolling back',
        rolledBack: { from: text(event['from']), to: text(event['to']) },
      };
    case 'run.closed':
      return {
        ...state,
        status: statusAfterClose[text(event['outcome']) ?? ''] ?? 'done',
        closed: true,
        endedAt: event.at,
        reasons: event['reason'] === undefined ? state.reasons : texts([event['reason']]),
      };
    default:
      return { ...state, status: statusAfter[event.type] ?? state.status };
  }
};

/**
 * Folds a run's journal into where the run stands. There is no other state.
 * An empty journal (the process died before its first line) is a run that never began: `null`.
 */
export const foldRun = (run: string, events: readonly JournalEvent[]): RunState | null => {
  const first = events[0];
  if (first === undefined) return null;
  const last = events.at(-1) ?? first;
  const opened: RunState = {
    run,
    kind: kindOf(first['kind']),
    env: text(first['env']) ?? '',
    status: 'in progress',
    version: text(first['version']),
    previous: null,
    backup: null,
    watch: null,
    rolledBack: null,
    openedAt: first.at,
    endedAt: null,
    closed: false,
    reasons: [],
    head: `${last.seq}:${last.hash}`,
  };
  return events.reduce(next, opened);
};

/**
 * Whether a rollback of this run began and neither validated nor was put back: its data may be the
 * backup's, or half of it.
 */
export const hasUnfinishedRollback = (events: readonly JournalEvent[]): boolean => {
  const last = events.findLast(
    ({ type }) =>
      type === 'run.closed' || (type.startsWith('rollback.') && type !== 'rollback.withheld'),
  );
  return last !== undefined && last.type !== 'run.closed' && last.type !== 'rollback.put-back';
};

/**
 * What a person calls the state of a run whose process is gone: it cannot still be `watching`. A
 * rollback that was cut off stays `rolling back`: only its `--resume` leads out.
 */
export const displayedStatus = (state: RunState, holderAlive: boolean): RunStatus =>
  !holderAlive && ['in progress', 'watching'].includes(state.status) ? 'interrupted' : state.status;

/** What a person is told behind a run's status: the release that it is about, or those that it went from and to. */
export const whichRelease = ({ status, version, rolledBack }: RunState): string => {
  if (status === 'rolled back' && rolledBack !== null) {
    const { from, to } = rolledBack;
    if (from === to) return `, the data alone: release ${to ?? '(none)'} stayed`;
    return ` from release ${from ?? '(none)'} to ${to ?? '(none)'}`;
  }
  return version === null ? '' : `, release ${version}`;
};
