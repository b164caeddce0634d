import type { PolledSample } from '../sample.ts';
import type { PageReader } from '../series/shapes.ts';
import { readStartTimes } from './start-times.ts';

/** Who answered for a target at the newest sample. */
export type Answerer =
  /** Its start time is not known, or was not until now. */
  | 'unknown'
  /** The process of the reading before. */
  | 'same'
  /** A process that was started later, and has not been seen twice. */
  | 'held'
  /** The newer process has been seen twice, or after it a newer one: it was a restart. */
  | 'restarted'
  /** More than one process answers there, by turns. */
  | 'several';

/** All processes that answered in a watch, by target. */
export type Processes = {
  /** Takes a sample, once, before any gate reads it. */
  take(at: number, sample: PolledSample): void;
  /**
   * To which target a series of the newest sample belongs: the one in its label `instance`, except where
   * only one was ever asked: its page may use that label for something else.
   */
  targetOf(instance: string): string;
  /** Of the newest sample: see {@link targetOf}. */
  readonly isSingle: boolean;
  of(target: string): Answerer;
  /** Its start time has a fraction: no second process has the same by chance, as in whole seconds it may. */
  isUnmistakable(target: string): boolean;
  /** How many restarts of a target are confirmed: a gate may have missed the readings that did it. */
  restartsOf(target: string): number;
  /** A gate has seen in its counters what start times did not tell. */
  convict(target: string): void;
  /** Targets whose start time was ever told. */
  readonly targets: Iterable<string>;
  /** Targets whose start time was told at the newest sample. */
  readonly told: number;
  /** A target whose newest answer is of a process seen only once; `null`: none. */
  readonly unconfirmed: string | null;
  /** More restarts of one target than services have; `null`: no more. */
  trouble(): { readonly restarts: number; readonly withinMs: number } | null;
};

type Target = {
  start: number;
  /** When that process answered last; epoch ms. */
  answeredAt: number;
  held: { readonly start: number; answeredAt: number } | null;
  answerer: Answerer;
  restarts: number;
  readonly seen: number[];
};

/** A client that works its start time out at each scrape is a little off each time. */
const sameWithinS = 0.1;
/** Many clients tell whole seconds, and two clocks are never quite the same. */
const slackMs = 1000;
/** A restart or two in a watch is what services do. */
const usualRestarts = 2;
/** Start times are kept to know them again. */
const mostSeen = 1000;

const askedTargets = ({ processes }: PolledSample): number =>
  typeof processes === 'object' && processes !== null ? Object.keys(processes).length : 0;

const isSame = (a: number, b: number) => Math.abs(a - b) <= sameWithinS;

export const createProcesses = (read: PageReader): Processes => {
  const targets = new Map<string, Target>();
  const convicted = new Set<string>();
  /** Samples tell the start times of at most one target. */
  let isSingle = false;
  let hadSeveral = false;
  let firstAt: number | null = null;
  let lastAt = 0;
  let told = 0;

  /** What a start time says that is not the one of the process before. */
  const meet = (target: Target, start: number, at: number): Answerer => {
    const { held } = target;
    if (held !== null && isSame(held.start, start)) {
      target.held = null;
      Object.assign(target, { start, answeredAt: at, restarts: target.restarts + 1 });
      return 'restarted';
    }
    const before = held ?? target;
    // Started while another process was still answering, or known from before: both are alive.
    const isKnown = target.seen.some((seen) => isSame(seen, start));
    if (isKnown || start * 1000 + slackMs < before.answeredAt) return 'several';
    if (held !== null) {
      Object.assign(target, held, { restarts: target.restarts + 1 });
    }
    if (target.seen.length < mostSeen) target.seen.push(start);
    target.held = { start, answeredAt: at };
    return 'held';
  };
  return {
    take: (at, sample) => {
      firstAt ??= at;
      lastAt = at;
      const asked = askedTargets(sample);
      hadSeveral ||= asked > 1;
      isSingle = asked === 1 && !hadSeveral;
      const found = readStartTimes(sample, read);
      const starts = isSingle ? new Map([...found.values()].map((start) => ['', start])) : found;
      told = 0;
      for (const [name, target] of targets)
        if (!starts.has(name) && target.answerer !== 'several')
          target.answerer = target.held === null ? 'unknown' : 'held';
      for (const [name, start] of starts) {
        const target = targets.get(name);
        told += 1;
        if (target === undefined) {
          const seen = [start];
          targets.set(name, {
            start,
            answeredAt: at,
            held: null,
            answerer: 'unknown',
            restarts: 0,
            seen,
          });
        } else if (target.answerer === 'several') continue;
        else if (target.held === null && isSame(target.start, start)) {
          target.answeredAt = at;
          target.answerer = 'same';
        } else target.answerer = meet(target, start, at);
      }
    },
    get isSingle() {
      return isSingle;
    },
    targetOf: (instance) => (isSingle ? '' : instance),
    of: (target) =>
      convicted.has(target) ? 'several' : (targets.get(target)?.answerer ?? 'unknown'),
    isUnmistakable: (target) => {
      const found = targets.get(target);
      return found?.answerer === 'same' && !Number.isInteger(found.start);
    },
    restartsOf: (target) => targets.get(target)?.restarts ?? 0,
    convict: (target) => {
      convicted.add(target);
    },
    get targets() {
      return targets.keys();
    },
    get told() {
      return told;
    },
    get unconfirmed() {
      for (const [name, { answerer }] of targets) if (answerer === 'held') return name;
      return null;
    },
    trouble: () => {
      let restarts = 0;
      for (const target of targets.values()) restarts = Math.max(restarts, target.restarts);
      return restarts > usualRestarts ? { restarts, withinMs: lastAt - (firstAt ?? lastAt) } : null;
    },
  };
};
