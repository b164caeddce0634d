import { takenBackup } from './backup-step.ts';
import { allOf, lastOf, type RecordedEvent, type RunEvent } from './events.ts';
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

/** What a run did to the service, as far as its steps tell: whoever wants to know how it is asks it. */
export type ServiceStand = 'untouched' | 'stopping' | 'stopped' | 'starting' | 'started';

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
  readonly watch: {
    readonly startedAt: number;
    readonly fingerprint: string;
    /** The boot in which it was watched last; empty where that is not known. */
    readonly bootId: string;
  } | null;
  /** Releases that a rollback of this run went from and to; equal where only the data went back. */
  readonly rolledBack: { readonly from: string | null; readonly to: string | null } | null;
  /** Who asked for the rollback that is under way, or was the last; `null`: there was none. */
  readonly rollbackBy: RunEvent<'rollback.started'>['trigger'] | null;
  readonly service: ServiceStand;
  /** What it would do is on the record; a deploy or migration without it has nothing to go on with. */
  readonly planned: boolean;
  /** The step that began and did not end. */
  readonly at: string | null;
  /** A step failed, or somebody asked for an abort: what is begun is being taken back. */
  readonly undoing: boolean;
  readonly openedAt: string;
  readonly endedAt: string | null;
  /** True once nothing more can happen in it. */
  readonly closed: boolean;
  readonly reasons: readonly string[];
  readonly head: string;
}

const statusAfterWatch: Record<string, RunStatus> = {
  interrupted: 'interrupted',
  'stood-down': 'interrupted',
  paused: 'interrupted',
  freeze: 'frozen',
  alert: 'alerted',
  inconclusive: 'inconclusive',
};

const standAfter = (
  { type, step }: RunEvent<'step.started' | 'step.done' | 'step.failed' | 'step.undone'>,
  before: ServiceStand,
): ServiceStand => {
  if (step === 'stop') {
    if (type === 'step.started') return 'stopping';
    if (type === 'step.done') return 'stopped';
    return type === 'step.undone' ? 'started' : before;
  }
  if (step === 'start') {
    if (type === 'step.started') return 'starting';
    // One that failed leaves nothing that can be relied on: whoever goes on has it to start again.
    return type === 'step.done' ? 'started' : 'stopped';
  }
  return before;
};

/** A state, and the status that a rollback which is put back leads back to. */
interface Folded {
  readonly state: RunState;
  readonly beforeRollback: RunStatus;
}

const withStatus = (folded: Folded, status: RunStatus, more: Partial<RunState> = {}): Folded => ({
  ...folded,
  state: { ...folded.state, ...more, status },
});

const next = (folded: Folded, event: RecordedEvent): Folded => {
  const { state } = folded;
  const change = (more: Partial<RunState>): Folded => ({ ...folded, state: { ...state, ...more } });
  switch (event.type) {
    case 'deploy.planned':
      return change({ version: event.version, previous: event.previous, planned: true });
    case 'migrate.planned':
      return change({ planned: true });
    case 'step.started':
      return change({ at: event.step, service: standAfter(event, state.service) });
    case 'step.done':
      return change({
        at: null,
        service: standAfter(event, state.service),
        // The newest backup step of a deploy is the run's own backup.
        backup: (event.scope === undefined ? takenBackup(event)?.file : null) ?? state.backup,
      });
    case 'step.failed':
      return change({
        undoing: event.scope === undefined ? true : state.undoing,
        service: standAfter(event, state.service),
      });
    case 'step.undone':
      return change({ at: null, service: standAfter(event, state.service) });
    case 'deploy.resumed':
    case 'migrate.resumed':
      // An undo by data is a rollback, and stays one until it comes to its end.
      return state.status === 'rolling back' ? folded : withStatus(folded, 'in progress');
    case 'abort.started':
      return state.status === 'rolling back'
        ? change({ undoing: true })
        : withStatus(folded, 'in progress', { undoing: true });
    case 'deploy.awaiting-guard':
      return withStatus(folded, 'awaiting guard');
    case 'watch.started': {
      const { startedAt, fingerprint, bootId = '' } = event;
      return withStatus(folded, 'watching', { watch: { startedAt, fingerprint, bootId } });
    }
    case 'watch.resumed':
      return withStatus(folded, 'watching', {
        watch:
          state.watch === null
            ? null
            : { ...state.watch, bootId: event.bootId ?? state.watch.bootId },
      });
    case 'watch.ended':
      return withStatus(folded, statusAfterWatch[event.decision] ?? state.status, {
        reasons: event.reasons,
      });
    case 'watch.lost':
      return withStatus(folded, 'interrupted', { reasons: [event.error] });
    case 'rollback.started':
      return {
        state: {
          ...state,
          status: 'rolling back',
          rolledBack: { from: event.from, to: event.to },
          rollbackBy: event.trigger,
        },
        beforeRollback: state.status === 'rolling back' ? folded.beforeRollback : state.status,
      };
    case 'rollback.resumed':
      return withStatus(folded, 'rolling back');
    case 'rollback.put-back': {
      const before = folded.beforeRollback;
      return withStatus(folded, before === 'watching' ? 'interrupted' : before, {
        rolledBack: null,
      });
    }
    case 'rollback.withheld':
      return withStatus(folded, 'alerted');
    case 'rollback.not-validated':
      return withStatus(folded, 'needs people', { reasons: [event.state] });
    case 'rollback.failed':
      return withStatus(folded, 'needs people', { reasons: [event.state] });
    case 'run.stuck':
      return withStatus(folded, 'needs people', { reasons: [event.problem] });
    case 'run.closed':
      return withStatus(folded, event.outcome, {
        closed: true,
        endedAt: event.at,
        reasons: event.reason === undefined ? state.reasons : [event.reason],
      });
    default:
      return folded;
  }
};

/**
 * Folds a run's journal into where the run stands. There is no other state.
 * An empty journal (the process died before its first line) is a run that never began: `null`; so is one that
 * does not begin with `run.opened`.
 */
export const foldRun = (run: string, events: readonly RecordedEvent[]): RunState | null => {
  const [first] = events;
  if (first?.type !== 'run.opened') return null;
  const last = events.at(-1) ?? first;
  const opened: RunState = {
    run,
    kind: first.kind,
    env: first.env,
    status: 'in progress',
    version: first.version ?? null,
    previous: null,
    backup: null,
    watch: null,
    rolledBack: null,
    rollbackBy: null,
    service: 'untouched',
    planned: false,
    at: null,
    undoing: false,
    openedAt: first.at,
    endedAt: null,
    closed: false,
    reasons: [],
    head: `${last.seq}:${last.hash}`,
  };
  return events.reduce(next, { state: opened, beforeRollback: 'in progress' } as Folded).state;
};

/**
 * Whether a rollback of this run began and neither validated nor was put back: its data may be the
 * backup's, or half of it.
 */
export const hasUnfinishedRollback = (events: readonly RecordedEvent[]): boolean => {
  const last = lastOf(
    events,
    'rollback.started',
    'rollback.resumed',
    'rollback.put-back',
    'rollback.not-validated',
    'run.closed',
  );
  return last !== undefined && last.type !== 'run.closed' && last.type !== 'rollback.put-back';
};

/** The rollback on this record that was cut off within its swap: both sides of the data are whole, and neither is live. */
export const hasHalfSwap = (events: readonly RecordedEvent[]): boolean => {
  if (!hasUnfinishedRollback(events)) return false;
  const swap = allOf(events, 'step.started', 'step.done', 'step.undone').findLast(
    ({ step, scope }) => scope === 'rollback' && step === 'swap',
  );
  return swap?.type === 'step.started';
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
