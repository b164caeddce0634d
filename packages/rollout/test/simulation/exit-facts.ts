import { factsOf, type Known, type KnownOf } from './facts.ts';
import { writtenOf } from './told.ts';
import type { World } from './world.ts';

/** What is known of a command that ended. */
interface Ended {
  /** All facts before its end. */
  readonly facts: readonly Known[];
  /** Those of its own process. */
  readonly own: readonly Known[];
  readonly began: KnownOf<'began'>;
  readonly ended: KnownOf<'ended'>;
  readonly world: World;
}

/** What an exit code promises; `null`: the facts keep it, else what they say. */
type Row = (about: Ended) => string | null;

const handsOf = (own: readonly Known[]) => factsOf(own, 'hand');

/** Something else moved release or service while the command ran: then "as before" is not its to promise. */
const isDisturbed = ({ facts, began, ended }: Ended): boolean =>
  facts
    .slice(began.index)
    .some(({ pid, kind }) => pid !== ended.pid && ['happened', 'hand', 'killed'].includes(kind));

const isOver = ({ facts, own }: Ended): boolean => {
  const run = factsOf(own, 'recorded').at(-1)?.run;
  return writtenOf(facts, 'run.closed').some((closed) => closed.run === run);
};

const outcomeOf = ({ facts, own }: Ended): string | null => {
  const run = factsOf(own, 'recorded').at(-1)?.run;
  return writtenOf(facts, 'run.closed').find((closed) => closed.run === run)?.event.outcome ?? null;
};

/** What 0 means, by the command that was typed. */
const done: Row = (about) => {
  const { began, own, ended, facts } = about;
  const [command] = began.argv;
  const is = (...outcomes: readonly string[]) => {
    const outcome = outcomeOf(about);
    return outcome !== null && outcomes.includes(outcome)
      ? null
      : `its run is ${outcome ?? 'open'}`;
  };
  switch (command) {
    case 'deploy': {
      if (began.argv.includes('--abort')) return is('aborted', 'rolled back');
      if (began.argv.includes('--monitor')) return is('promoted');
      if (writtenOf(own, 'abort.started').length > 0) return is('aborted');
      const outcome = outcomeOf(about);
      // A resume of a deploy that was being aborted ends the abort.
      if (outcome !== null) return is('aborted', 'promoted');
      const awaits = writtenOf(own, 'deploy.awaiting-guard').at(-1);
      if (awaits === undefined) return 'it does not await its guard';
      if (isDisturbed(about)) return null;
      return ended.active === awaits.event.version && ended.running === awaits.event.version
        ? null
        : `${ended.running ?? 'nothing'} runs`;
    }
    case 'monitor':
      return is('promoted', 'done');
    case 'promote': {
      const closed = writtenOf(facts, 'run.closed').at(-1)?.event.outcome;
      return closed === 'promoted' ? null : `the newest run that ended is ${closed}`;
    }
    case 'rollback': {
      // It may have followed another's.
      const last = writtenOf(facts, 'run.closed').at(-1)?.event.outcome;
      return ['rolled back', 'aborted'].includes(last ?? '')
        ? null
        : `the newest run that ended is ${last}`;
    }
    case 'start':
      return ended.running === ended.active || isDisturbed(about) ? null : 'it does not run';
    case 'stop':
      return ended.running === null || isDisturbed(about) ? null : 'it runs';
    default:
      return null;
  }
};

const asBefore: Row = (about) => {
  const { began, ended, own } = about;
  if (writtenOf(own, 'watch.ended').some(({ event }) => event.decision === 'rollback'))
    return 'a gate broke';
  if (isDisturbed(about) || handsOf(own).length === 0) return null;
  if (began.argv[0] === 'start' || began.argv[0] === 'stop') return null;
  const [planned] = writtenOf(about.facts, 'deploy.planned').filter(
    ({ run }) => run === factsOf(own, 'recorded').at(-1)?.run,
  );
  const isOwn = ['deploy'].includes(began.argv[0] ?? '');
  const before = isOwn && planned !== undefined ? planned.event.previous : began.active;
  if (ended.active !== before)
    return `${ended.active ?? 'nothing'} is active, before it was ${before ?? 'nothing'}`;
  if (began.running !== null && ended.running === null) return 'the service is down';
  return isOver(about) || began.argv[0] === 'rollback' ? null : 'its run is open';
};

const untouched: Row = ({ own }) => {
  const [hand] = handsOf(own);
  if (hand !== undefined) return `it did ${hand.on}`;
  const [recorded] = factsOf(own, 'recorded');
  // A watch that can't be resumed by other gates says so on the way.
  return recorded === undefined ? null : `it recorded ${recorded.event.type}`;
};

const handsOff: Row = ({ own }) => {
  const [hand] = handsOf(own);
  return hand === undefined ? null : `it did ${hand.on}`;
};

const interrupted: Row = ({ facts, own, began }) => {
  if (factsOf(own, 'signalled').length > 0) return null;
  const isAsked = writtenOf(own, 'request.taken').length > 0;
  return isAsked || ['status'].includes(began.argv[0] ?? '') || facts.length === 0
    ? null
    : 'nobody had interrupted it';
};

const unexpected: Row = ({ world, began, ended }) =>
  world.fullFrom.some((atMs) => atMs <= ended.atMs && atMs >= began.atMs - 60_000)
    ? null
    : 'nothing was wrong with the disk';

/** Exit codes as `--help` promises them, held against the facts. */
export const exitTable: Readonly<Record<number, Row>> = {
  0: done,
  1: asBefore,
  2: untouched,
  3: ({ own }) => {
    const ended = writtenOf(own, 'watch.ended').at(-1);
    if (ended === undefined) return 'it ended no watch';
    if (
      ended.event.decision !== 'inconclusive' &&
      ended.event.decision !== 'promote' &&
      ended.event.decision !== 'advise'
    )
      return `its watch decided: ${ended.event.decision}`;
    const hand = handsOf(own).find(({ index }) => index > ended.index);
    return hand === undefined ? null : `it did ${hand.on} after its watch`;
  },
  4: ({ own, ended, ...more }) => {
    if (writtenOf(own, 'rollback.validated').length === 0) return 'it validated no rollback';
    const { event } = writtenOf(own, 'rollback.validated').at(-1) ?? { event: null };
    if (isDisturbed({ own, ended, ...more })) return null;
    return ended.active === event?.to && ended.running === event?.to
      ? null
      : `${ended.running ?? 'nothing'} runs`;
  },
  5: ({ own }) => {
    const [started] = writtenOf(own, 'rollback.started');
    return started === undefined ? null : 'it began a rollback';
  },
  6: ({ own, ended, facts }) => {
    const claims = writtenOf(own, 'run.stuck', 'rollback.not-validated', 'rollback.failed');
    const others = writtenOf(
      facts,
      'rollback.not-validated',
      'rollback.failed',
      'run.stuck',
      'rollback.put-back',
    );
    return claims.length > 0 ||
      others.length > 0 ||
      /PEOPLE ARE NEEDED|is not there any more/.test(ended.out)
      ? null
      : 'nothing on record says that people are needed';
  },
  7: ({ own }) => {
    // A watch that was taken over had deployed before.
    const hands = handsOf(own);
    const watched = writtenOf(own, 'watch.started', 'watch.resumed').length > 0;
    return hands.length === 0 || watched ? null : `it did ${hands[0]?.on}`;
  },
  8: handsOff,
  70: unexpected,
  130: interrupted,
  143: interrupted,
};
