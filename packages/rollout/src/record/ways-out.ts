import { describeStanding, type Situation, type Standing, standingOf } from './standing.ts';

/** What a person can ask of an environment, as they type it. */
export const acts = [
  'deploy',
  'deploy --resume',
  'deploy --abort',
  'deploy --supersede',
  'monitor',
  'monitor --resume',
  'monitor --extend',
  'promote',
  'pause',
  'rollback',
  'rollback --resume',
  'migrate',
  'migrate --resume',
  'start',
  'stop',
  'salvage',
] as const;

export type Act = (typeof acts)[number];

/** Whether an act is accepted: with what it will do, or with why not and the exit code. */
export type Answer =
  | { readonly go: true; readonly does: string }
  | { readonly go: false; readonly why: string; readonly exit: 2 | 5 | 7 };

/** Acts that are about the release under watch: they mean nothing where another one runs. */
const aboutOwnRelease: readonly Act[] = [
  'monitor',
  'monitor --resume',
  'monitor --extend',
  'promote',
  'deploy --abort',
];

/** Standings in which this run's release is meant to be live. */
const ownReleaseLive: readonly Standing[] = [
  'awaiting guard',
  'watched',
  'inconclusive',
  'gate broke',
  'not rolled back',
];

const of = {
  resumeDeploy: 'goes on with the deploy where it was cut off',
  finishUndo: 'takes the deploy back to its end: the release before runs again',
  abort: 'sets aside what was written since, takes the deploy back, starts the release before',
  supersede: 'leaves this run as it is and deploys over it',
  watch: 'watches it to its end, from now on',
  resumeWatch: 'goes on with the watch',
  extend: 'watches it for that much longer',
  promote: 'takes the release as good, on your word',
  pause: 'stops the watch; nobody guards the release from then on',
  rollback: 'puts release and data back to that backup, and proves them',
  finishThenRollback: 'ends the rollback that was cut off, then goes to that backup',
  resumeRollback: 'goes on with the rollback',
  resumeMigrate: 'goes on with the migrations, or with taking them back',
  deploy: 'deploys',
  migrate: 'migrates',
  salvage: 'puts rows and files back that were set aside',
} as const;

const start = { start: 'starts the active release and waits until it is healthy' };

/** The service by hand: where no act of a run is half done. */
const startAndStop = { ...start, stop: 'stops the service, and leaves it stopped' };

/** What is accepted in each standing, the recommended first. */
const accepted: Readonly<Record<Standing, Partial<Record<Act, string>>>> = {
  closed: {
    deploy: of.deploy,
    migrate: of.migrate,
    monitor: 'watches what runs, and rolls nothing back',
    rollback: of.rollback,
    ...startAndStop,
    salvage: of.salvage,
  },
  deploying: {
    'deploy --resume': of.resumeDeploy,
    'deploy --abort': of.abort,
    rollback: of.rollback,
  },
  undoing: {
    'deploy --abort': of.finishUndo,
    'deploy --resume': of.finishUndo,
    rollback: of.rollback,
  },
  unmigrating: {
    'migrate --resume': 'takes the migrations back to their end',
    rollback: of.rollback,
  },
  migrating: {
    'migrate --resume': of.resumeMigrate,
    rollback: of.rollback,
  },
  'asked to roll back': {
    rollback: of.rollback,
    'rollback --resume': 'goes on with it, or closes it where it had not begun anything',
    ...start,
  },
  'awaiting guard': {
    monitor: of.watch,
    promote: of.promote,
    rollback: of.rollback,
    'deploy --abort': of.abort,
    'deploy --supersede': of.supersede,
    ...startAndStop,
  },
  watched: {
    'monitor --resume': of.resumeWatch,
    monitor: of.resumeWatch,
    promote: of.promote,
    rollback: of.rollback,
    'deploy --abort': of.abort,
    'deploy --supersede': of.supersede,
    ...startAndStop,
  },
  inconclusive: {
    'monitor --extend': of.extend,
    monitor: of.watch,
    promote: of.promote,
    rollback: of.rollback,
    'deploy --abort': of.abort,
    'deploy --supersede': of.supersede,
    ...startAndStop,
  },
  'gate broke': {
    rollback: of.rollback,
    'deploy --abort': of.abort,
    monitor: of.watch,
    promote: of.promote,
    'deploy --supersede': of.supersede,
    ...startAndStop,
  },
  'rolling back': {
    'rollback --resume': of.resumeRollback,
    rollback: of.finishThenRollback,
  },
  'not validated': {
    'rollback --resume': of.resumeRollback,
    rollback: of.finishThenRollback,
    ...start,
  },
  'not rolled back': {
    rollback: of.rollback,
    'deploy --abort': of.abort,
    monitor: of.watch,
    promote: of.promote,
    ...startAndStop,
  },
  'deploy stuck': {
    'deploy --abort': 'tries the undo again',
    rollback: of.rollback,
    ...start,
  },
  'migration stuck': {
    'migrate --resume': 'tries to take the migrations back again',
    rollback: of.rollback,
    ...start,
  },
};

/** Acts that a living watch gives way to, or is asked to do. */
const throughTheWatch: readonly Act[] = ['promote', 'pause', 'rollback', 'deploy --abort'];

/** Acts that ask for an open run: where there is none, there is nothing that they could mean. */
const ofOpenRuns: readonly Act[] = [
  'deploy --resume',
  'deploy --abort',
  'monitor --resume',
  'monitor --extend',
  'promote',
  'pause',
  'rollback --resume',
  'migrate --resume',
];

/** There is nothing of that kind to go on with: a slip, and not a matter of waiting. */
const asksToGoOn = (act: Act): boolean => act.endsWith('--resume') || act.endsWith('--extend');

const isHalfBack = (standing: Standing): boolean =>
  standing === 'rolling back' || standing === 'not validated';

/** Whether an act is accepted now. Pure; whoever acts asks again under the lock. */
export const mayDo = (act: Act, situation: Situation): Answer => {
  const standing = standingOf(situation);
  const refuse = (why: string, exit: 2 | 5 | 7): Answer => ({ go: false, why, exit });
  if (situation.held === 'change')
    return refuse('another command is changing this environment now', 7);
  if (situation.held === 'watch') {
    if (act === 'pause') return { go: true, does: of.pause };
    if (!throughTheWatch.includes(act)) return refuse('a watch is running', 7);
  }
  if (act === 'pause') return refuse('no watch is running', 2);
  if (
    situation.drift !== null &&
    ownReleaseLive.includes(standing) &&
    aboutOwnRelease.includes(act)
  )
    return refuse(situation.drift, 5);
  // `--supersede` where nothing is open is a plain deploy.
  const asked = act === 'deploy --supersede' && standing === 'closed' ? 'deploy' : act;
  const does = accepted[standing][asked];
  if (act === 'deploy --resume' && standing === 'deploying' && situation.state?.planned === false)
    return refuse(`run ${situation.state.run} was cut off before it had planned anything`, 2);
  if (does !== undefined) return { go: true, does };
  if (standing === 'closed' && ofOpenRuns.includes(act))
    return refuse(`no run is open: ${describeStanding(situation)}`, 2);
  return refuse(describeStanding(situation), asksToGoOn(act) && !isHalfBack(standing) ? 2 : 7);
};

/** One way out of an open run. */
export interface WayOut {
  readonly act: Act;
  readonly does: string;
}

/**
 * What is accepted now, the recommended first. Where the service is down, what brings it back without anything
 * else comes first. Pure.
 */
export const waysOut = (
  situation: Situation,
  { serviceDown }: { readonly serviceDown: boolean },
): readonly WayOut[] => {
  const standing = standingOf(situation);
  const listed = Object.keys(accepted[standing]) as Act[];
  const ways = [...listed, 'pause' as const].flatMap((act): WayOut[] => {
    const answer = mayDo(act, situation);
    return answer.go ? [{ act, does: answer.does }] : [];
  });
  const useful = ways.filter(
    ({ act }) =>
      // A watch that was cut off is resumed; both spellings do the same.
      !(act === 'monitor' && standing === 'watched') &&
      (act !== 'start' || serviceDown) &&
      act !== 'stop' &&
      // It needs a run's name: where something was set aside, that is said with it.
      act !== 'salvage',
  );
  const starts = useful.filter(({ act }) => act === 'start');
  return [...starts, ...useful.filter(({ act }) => act !== 'start')];
};
