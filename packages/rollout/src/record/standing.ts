import type { RunState } from './run-state.ts';

/** Where an environment stands, as far as it matters for what may be done next. */
export const standings = [
  /** No run is open. */
  'closed',
  /** A deploy that was cut off between its first step and its last. */
  'deploying',
  /** A deploy whose undo was cut off. */
  'undoing',
  /** Migrations whose undo was cut off. */
  'unmigrating',
  'migrating',
  /** A rollback of its own that was cut off before it had begun. */
  'asked to roll back',
  'awaiting guard',
  /** A watch that was cut off, or is running. */
  'watched',
  'inconclusive',
  /** A gate broke, and what runs is the release under watch. */
  'gate broke',
  /** A rollback that was cut off. */
  'rolling back',
  /** A rollback that was tried and did not validate. */
  'not validated',
  /** A gate broke, and the rollback could not begin. */
  'not rolled back',
  /** An undo that failed. */
  'deploy stuck',
  'migration stuck',
] as const;

export type Standing = (typeof standings)[number];

/** Who works on the environment now: nobody, a watch, or a process that changes it. */
export type Holding = 'free' | 'watch' | 'change';

export interface Situation {
  /** The newest run that can hold others back; `null`: none yet. */
  readonly state: RunState | null;
  /** Whether a rollback of it began and came to no end. */
  readonly rollbackUnfinished: boolean;
  readonly held: Holding;
  /** The target runs something else than this run put there; `null`: it does not, or nobody asked. */
  readonly drift: string | null;
}

/** Names the standing of the newest run. Pure. */
export const standingOf = ({
  state,
  rollbackUnfinished,
}: Pick<Situation, 'state' | 'rollbackUnfinished'>): Standing => {
  if (state === null || state.closed) return 'closed';
  switch (state.status) {
    case 'rolling back':
      if (state.rollbackBy !== 'undo') return 'rolling back';
      return state.kind === 'migrate' ? 'unmigrating' : 'undoing';
    case 'awaiting guard':
      return 'awaiting guard';
    case 'watching':
    case 'interrupted':
      return 'watched';
    case 'inconclusive':
      return 'inconclusive';
    case 'alerted':
    case 'frozen':
      return 'gate broke';
    case 'needs people':
      if (rollbackUnfinished) return 'not validated';
      if (state.kind === 'rollback') return 'asked to roll back';
      if (state.undoing) return state.kind === 'migrate' ? 'migration stuck' : 'deploy stuck';
      return 'not rolled back';
    default:
      if (state.kind === 'migrate') return state.undoing ? 'unmigrating' : 'migrating';
      if (state.kind === 'rollback') return 'asked to roll back';
      return state.undoing ? 'undoing' : 'deploying';
  }
};

const wordsFor = (standing: Standing, state: RunState): string => {
  switch (standing) {
    case 'deploying':
      return `a deploy that was cut off${state.at === null ? '' : ` at ${state.at}`}`;
    case 'undoing':
      return 'a deploy whose undo was cut off';
    case 'unmigrating':
      return 'a migration whose undo was cut off';
    case 'migrating':
      return `a migration that was cut off${state.at === null ? '' : ` at ${state.at}`}`;
    case 'asked to roll back':
      return 'a rollback that had not begun';
    case 'watched':
      return 'a watch that was cut off';
    case 'rolling back':
      return 'being rolled back, or was cut off in it';
    case 'not validated':
      return 'rolled back without being validated';
    case 'not rolled back':
      return 'broken by a gate, and could not be rolled back';
    case 'deploy stuck':
    case 'migration stuck':
      return 'half undone: its undo failed';
    default:
      return state.status;
  }
};

/** What the newest run is, in the words of every refusal. */
export const describeStanding = (situation: Situation): string => {
  const { state } = situation;
  if (state === null) return 'there is no run yet';
  const standing = standingOf(situation);
  return `run ${state.run} is ${standing === 'closed' ? state.status : wordsFor(standing, state)}`;
};
