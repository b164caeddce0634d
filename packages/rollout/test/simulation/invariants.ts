import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { exitTable } from './exit-facts.ts';
import { factsOf, type Known } from './facts.ts';
import { pollMs, watchMs } from './project.ts';
import { by, type Told, type Written, within, writtenOf } from './told.ts';

/** Something that must be true of every story; `null`: it is, else what is wrong with this one. */
export interface Invariant {
  readonly name: string;
  check(told: Told): string | null;
}

/** The first that is wrong of many. */
const firstOf = <T>(all: readonly T[], wrong: (one: T) => string | null): string | null => {
  for (const one of all) {
    const found = wrong(one);
    if (found !== null) return found;
  }
  return null;
};

/** A longest time that a request is waited for, ms. */
const patienceMs = 10_000;

const promotions = (facts: readonly Known[]): Written<'run.closed'>[] =>
  writtenOf(facts, 'run.closed').filter(({ event }) => event.outcome === 'promoted');

const versionOf = (facts: readonly Known[], run: string): string | null =>
  writtenOf(facts, 'deploy.planned').find((one) => one.run === run)?.event.version ?? null;

/** How long this window was to be, whatever the policy on the record says, ms. */
const windowOf = (facts: readonly Known[], started: Written<'watch.started'>): number => {
  const before = facts.slice(0, started.index).findLast((fact) => fact.kind === 'recorded');
  return before?.event.type === 'watch.extended' ? before.event.byMs : watchMs;
};

const watchedToTheEnd: Invariant = {
  name: 'nothing is promoted by itself that was not watched for its whole window',
  check: ({ world: { facts } }) =>
    firstOf(promotions(facts), (closed) => {
      if (closed.event.user !== undefined) return null;
      const before = facts.slice(0, closed.index);
      const started = writtenOf(before, 'watch.started').findLast(({ run }) => run === closed.run);
      if (started === undefined) return `${closed.run} was promoted, and nobody watched it`;
      const windowMs = windowOf(facts, started);
      const watchedMs = closed.atMs - started.atMs;
      if (!(watchedMs >= windowMs - pollMs))
        return `${closed.run} was promoted after ${watchedMs} ms of ${windowMs}`;
      const polls = factsOf(within(before, started.index, closed.index), 'polled').length;
      const least = Math.floor(windowMs / pollMs / 2);
      return polls >= least
        ? null
        : `${closed.run} was promoted after ${polls} polls of ${least * 2}`;
    }),
};

const nothingDrifted: Invariant = {
  name: 'nothing is promoted that the target was not just seen to run',
  check: ({ world: { facts } }) =>
    firstOf(promotions(facts), (closed) => {
      const own = by(facts.slice(0, closed.index), closed.pid);
      const decided = own.findLast(
        (fact) =>
          fact.kind === 'began' ||
          (fact.kind === 'recorded' && ['watch.ended', 'request.taken'].includes(fact.event.type)),
      );
      const looks = factsOf(own, 'looked').filter(({ index }) => index > (decided?.index ?? 0));
      const version = versionOf(facts, closed.run);
      const seen = looks.at(-1)?.active;
      if (seen === undefined) return `${closed.run} was promoted without a look at the target`;
      return seen === version ? null : `${closed.run} was promoted, and the target ran ${seen}`;
    }),
};

const nothingDown: Invariant = {
  name: 'nothing is promoted by itself while it is down, and by hand only with what was seen',
  check: ({ world: { facts } }) =>
    firstOf(promotions(facts), (closed) => {
      const own = by(facts.slice(0, closed.index), closed.pid);
      const polled = factsOf(own, 'polled').at(-1);
      if (closed.event.user === undefined)
        return polled?.ok === true ? null : `${closed.run} was promoted, and did not answer`;
      if (closed.event.seen === undefined)
        return `${closed.run} was promoted by hand, and nobody looked whether it answers`;
      const isClaimed = closed.event.seen.includes('answers OK');
      return isClaimed === (polled?.ok === true)
        ? null
        : `"${closed.event.seen}" was not what was seen`;
    }),
};

const windowsAreWhole: Invariant = {
  name: 'a watch that comes to its end has lasted its window, and not much more',
  check: ({ world: { facts } }) =>
    firstOf(writtenOf(facts, 'watch.ended'), (ended) => {
      if (!['promote', 'advise', 'inconclusive'].includes(ended.event.decision)) return null;
      const before = facts.slice(0, ended.index);
      const started = writtenOf(before, 'watch.started').findLast(({ run }) => run === ended.run);
      if (started === undefined) return `${ended.run} ended a watch that never began`;
      const windowMs = windowOf(facts, started);
      const lastedMs = ended.atMs - started.atMs;
      const isResumed = writtenOf(before.slice(started.index), 'watch.resumed').length > 0;
      if (isResumed) return null;
      if (lastedMs < windowMs - pollMs) return `it lasted ${lastedMs} ms of ${windowMs}`;
      const polls = factsOf(by(before.slice(started.index), ended.pid), 'polled');
      const late = polls.filter(({ atMs }) => atMs > started.atMs + windowMs + pollMs);
      return late.length > 3 && late.every(({ ok }) => ok) ? `it lasted ${lastedMs} ms` : null;
    }),
};

/** OK answers in a row that make a release healthy. */
const healthyInARow = 3;

const healthyBeforeItsGuard: Invariant = {
  name: 'nothing awaits its guard that was not seen healthy',
  check: ({ world: { facts } }) =>
    firstOf(writtenOf(facts, 'deploy.awaiting-guard'), ({ index, run }) => {
      const before = facts.slice(0, index);
      const started = factsOf(before, 'hand done').findLast(({ on, ok }) => on === 'start' && ok);
      let inARow = 0;
      let most = 0;
      for (const { ok } of factsOf(before.slice(started?.index ?? 0), 'polled')) {
        inARow = ok ? inARow + 1 : 0;
        most = Math.max(most, inARow);
      }
      return most >= healthyInARow ? null : `${run} was OK ${most} times in a row`;
    }),
};

const oneRollback: Invariant = {
  name: 'nothing is rolled back twice',
  check: ({ world: { facts } }) => {
    let swapped: string | null = null;
    let gateRollbacks = new Set<string>();
    return firstOf(facts, (fact) => {
      if (fact.kind === 'hand' && fact.on === 'swap back') swapped = null;
      if (fact.kind === 'hand' && fact.on === 'swap' && swapped !== null)
        return `the data of ${swapped} was swapped a second time`;
      if (fact.kind !== 'recorded') return null;
      const { event, run } = fact;
      if (event.type === 'watch.started')
        gateRollbacks = new Set([...gateRollbacks].filter((one) => one !== run));
      if (event.type === 'rollback.started') {
        swapped = null;
        if (event.trigger !== 'gate') return null;
        if (gateRollbacks.has(run)) return `a gate rolled ${run} back a second time`;
        gateRollbacks.add(run);
      }
      if (event.type === 'step.done' && event.scope === 'rollback' && event.step === 'swap')
        swapped = run;
      if (event.type === 'step.undone' && event.scope === 'rollback' && event.step === 'swap')
        swapped = null;
      return null;
    });
  },
};

const handsHoldTheLock: Invariant = {
  name: 'nobody changes anything without the lock',
  check: ({ world: { facts } }) =>
    firstOf(factsOf(facts, 'hand'), ({ pid, on, holder }) =>
      holder === pid
        ? null
        : `p${pid - 5_000_000} does ${on} while ${holder === null ? 'nobody' : `p${holder - 5_000_000}`} holds the lock`,
    ),
};

const oneHandAtATime: Invariant = {
  name: 'no two processes change things at once',
  check: ({ world: { facts } }) => {
    const busy = new Map<number, string>();
    return firstOf(facts, (fact) => {
      if (fact.kind === 'killed' || fact.kind === 'hand done') busy.delete(fact.pid);
      if (fact.kind !== 'hand') return null;
      const other = [...busy].find(([pid]) => pid !== fact.pid);
      if (!['swap', 'swap back'].includes(fact.on)) busy.set(fact.pid, fact.on);
      return other === undefined
        ? null
        : `${fact.on} was begun while another process did ${other[1]}`;
    });
  },
};

const soundBackups: Invariant = {
  name: 'nothing goes back to a backup that is changed, or not ours',
  check: ({ world: { facts } }) =>
    firstOf(facts, (fact) => {
      if (fact.kind !== 'hand' || fact.on !== 'swap') return null;
      const staged = factsOf(facts.slice(0, fact.index), 'staged').at(-1);
      return staged === undefined || staged.flaw === null
        ? null
        : `the data of ${staged.backup} went live, which is ${staged.flaw}`;
    }),
};

const stoppedForSwaps: Invariant = {
  name: 'data is swapped only while nothing runs on it',
  check: ({ world: { facts } }) =>
    firstOf(factsOf(facts, 'hand'), ({ on, running }) =>
      on.startsWith('swap') && running !== null ? `release ${running} ran during ${on}` : null,
    ),
};

/** Every zip and every put-aside folder that a record names. */
const namedCopies = ({ world: { facts, root } }: Told): string[] => {
  const text = factsOf(facts, 'recorded')
    .map(({ event }) => JSON.stringify(event))
    .join('\n');
  const named = [...text.matchAll(/"(?:file|backup|previous)":"([^"]+)"/g)].map(
    ([, path]) => path ?? '',
  );
  return [...new Set(named)]
    .map((path) => (isAbsolute(path) ? path : join(root, path)))
    .filter((path) => existsSync(path));
};

const noWriteLost: Invariant = {
  name: 'no write is lost without a copy that is named',
  check: (told) => {
    const { world } = told;
    const live = existsSync(world.dataFolder()) ? readdirSync(world.dataFolder()) : [];
    const missing = [...world.written].filter((name) => !live.includes(name));
    if (missing.length === 0) return null;
    const copies = namedCopies(told);
    const isKept = (name: string) =>
      copies.some((path) =>
        statSync(path).isDirectory()
          ? existsSync(join(path, name))
          : readFileSync(path).includes(name),
      );
    const lost = missing.find((name) => !isKept(name));
    return lost === undefined ? null : `${lost} is neither live nor in a copy that a record names`;
  },
};

/** Somebody changed the one backup that there was: no command can go on, and the last ones said what they need. */
const asksForBackup = ({ world: { facts }, lastPage }: Told): boolean =>
  lastPage.includes(' is refused: ') ||
  factsOf(facts, 'ended')
    .slice(-4)
    .some(({ exit, out }) => exit === 8 && out.includes('backup --env'));

const endsOrSaysWhy: Invariant = {
  name: 'each run ends, or names what it waits for',
  check: (told) => {
    const { world, lastPage } = told;
    if (lastPage.includes('  → '))
      return asksForBackup(told) ? null : `the ways out lead nowhere:\n${lastPage}`;
    const { facts } = world;
    const kinds = new Map(
      writtenOf(facts, 'run.opened').map(({ run, event }) => [run, event.kind] as const),
    );
    const closed = new Set(writtenOf(facts, 'run.closed').map(({ run }) => run));
    const open = [...kinds].findLast(([, kind]) => ['deploy', 'rollback'].includes(kind));
    return open === undefined || closed.has(open[0])
      ? null
      : `${open[0]} is open, and no way out is offered`;
  },
};

const saysWhatToType: Invariant = {
  name: 'a command that leaves its run open says what to type',
  check: ({ world: { facts } }) =>
    firstOf(factsOf(facts, 'ended'), ({ pid, out, exit, index }) => {
      const own = factsOf(by(facts.slice(0, index), pid), 'recorded').at(-1);
      if (own === undefined) return null;
      const isClosed = writtenOf(facts.slice(0, index), 'run.closed').some(
        ({ run }) => run === own.run,
      );
      return isClosed || /npx dhash-rollout|--resume/.test(out)
        ? null
        : `exit ${exit} left ${own.run} open without a word of what to type`;
    }),
};

const offeredIsAccepted: Invariant = {
  name: 'what status offers is accepted',
  check: ({ world: { facts }, commands }) =>
    firstOf(commands, ({ argv, process, wasOffered, out, exit }) => {
      if (!wasOffered || exit() === null || ![2, 7].includes(exit() ?? 0)) return null;
      const [began] = factsOf(by(facts, process.pid), 'began');
      const [ended] = factsOf(by(facts, process.pid), 'ended');
      if (began === undefined || ended === undefined) return null;
      const meanwhile = facts
        .slice(began.index, ended.index)
        .some(({ pid }) => pid !== process.pid);
      return meanwhile ? null : `${argv.join(' ')} was offered, and refused: ${out()}`;
    }),
};

const obeyedWhileWaited: Invariant = {
  name: 'a request is obeyed only while its asker waits',
  check: ({ world: { facts } }) =>
    firstOf(writtenOf(facts, 'request.taken'), ({ index, atMs, event }) => {
      const askers = factsOf(facts.slice(0, index), 'began').filter(
        ({ argv }) => `operator-${argv[0]}` === event.user,
      );
      const isWaiting = askers.some(({ pid, atMs: beganMs }) => {
        const hasEnded = factsOf(by(facts.slice(0, index), pid), 'ended').length > 0;
        return !hasEnded && atMs - beganMs <= 4 * patienceMs;
      });
      return isWaiting
        ? null
        : `${event.kind} of ${event.user} was obeyed, and nobody waits for it`;
    }),
};

const peopleHear: Invariant = {
  name: 'whoever must act is told',
  check: ({ world: { facts } }) =>
    firstOf(factsOf(facts, 'ended'), ({ pid, exit, index }) => {
      const own = by(facts.slice(0, index), pid);
      const isTheirs = writtenOf(
        own,
        'rollback.withheld',
        'rollback.failed',
        'rollback.not-validated',
        'run.stuck',
      );
      if (![5, 6].includes(exit) || isTheirs.length === 0) return null;
      return factsOf(own, 'paged').length > 0 ? null : `exit ${exit}, and nobody was told`;
    }),
};

const lockIsFree: Invariant = {
  name: 'nobody who is gone bars the way',
  check: ({ world }) => {
    const holder = world.lockHolder();
    return holder === null || !world.kernel.isAlive(holder) ? null : 'the lock is held still';
  },
};

/** How long a service may take to be healthy, ms, and most that the last check of it takes. */
const healthBudgetMs = 60_000;
const lastCheckMs = 4_000;

const clockEndsNoWait: Invariant = {
  name: 'a clock that is set ends no wait, and makes none longer',
  check: ({ world: { facts } }) =>
    firstOf(writtenOf(facts, 'step.failed'), ({ index, pid, atMs, event }) => {
      if (event.step !== 'health' || !event.error.includes('within 60 s')) return null;
      const began = writtenOf(by(facts.slice(0, index), pid), 'step.started').at(-1);
      const tookMs = atMs - (began?.atMs ?? atMs);
      return tookMs >= healthBudgetMs && tookMs <= healthBudgetMs + lastCheckMs
        ? null
        : `the wait for health took ${tookMs} ms`;
    }),
};

const exitIsTheFacts: Invariant = {
  name: 'the exit code says what happened',
  check: (told) =>
    firstOf(factsOf(told.world.facts, 'ended'), (ended) => {
      const row = exitTable[ended.exit];
      if (row === undefined) return `exit ${ended.exit} is none of ours:\n${ended.out}`;
      const facts = told.world.facts.slice(0, ended.index);
      const own = by(facts, ended.pid);
      const [began] = factsOf(own, 'began');
      if (began === undefined) return null;
      const wrong = row({ facts, own, began, ended, world: told.world });
      return wrong === null
        ? null
        : `${began.argv.join(' ')} ended with exit ${ended.exit}, and ${wrong}:\n${ended.out}`;
    }),
};

export const invariants: readonly Invariant[] = [
  watchedToTheEnd,
  nothingDrifted,
  nothingDown,
  oneRollback,
  handsHoldTheLock,
  oneHandAtATime,
  soundBackups,
  stoppedForSwaps,
  windowsAreWhole,
  healthyBeforeItsGuard,
  noWriteLost,
  endsOrSaysWhy,
  saysWhatToType,
  offeredIsAccepted,
  obeyedWhileWaited,
  peopleHear,
  lockIsFree,
  clockEndsNoWait,
  exitIsTheFacts,
];
