import { reasonsAgainst } from './end-of-watch.ts';
import { GatesError } from './errors.ts';
import { type Gate, openGate } from './gate.ts';
import { amount } from './numbers.ts';
import type { WatchPolicy } from './policy.ts';
import { createProcesses } from './processes/processes.ts';
import { isMissed, readCheck, readTime, readTimed, type Sample } from './sample.ts';
import { startCursor } from './schedule.ts';
import { createPageReader } from './series/shapes.ts';
import type { Assessment, Decision, Verdict } from './verdict.ts';

/** How a watch is started. */
export type WatchStart = {
  /** When the new release was activated and the window begins; epoch ms. */
  readonly startedAt: number;
  /** Samples of the old release, for gates relative to it. */
  readonly baseline?: readonly Sample[] | undefined;
  /** Taken right after activation (at ≤ startedAt): where counters start from. Others are ignored. */
  readonly activation?: Sample | undefined;
};

/** What follows from all that was taken so far; without the gates' own words. */
export type Outcome = Pick<Assessment, 'at' | 'decision' | 'reasons' | 'settled'>;

/**
 * The judging inside a watch. It decides at each sample and tells nothing that is not asked for: a
 * replay reads one assessment of a million.
 */
export type Judging = {
  /** Takes a sample; returns why it was refused, or `null`. A refused one changes nothing. */
  take(sample: Sample): string | null;
  /** Judges the end at `at`; before the window is over it says so, and changes nothing. */
  finish(at: number): Outcome;
  /** After the newest sample that was taken. */
  readonly outcome: Outcome;
  /** No sample can change the outcome any more. */
  readonly isOver: boolean;
  /** Any gate's newest data alone are beyond: poll sooner. */
  suspicious(): boolean;
  /** The outcome with all gates told in full. */
  assessment(outcome: Outcome): Assessment;
};

const iso = (ms: number): string => new Date(ms).toISOString();

const gravity: readonly Decision[] = ['rollback', 'freeze', 'alert'];
const isActedOn = ({ policy }: Gate): boolean => policy.onBreak !== 'advise';
/** A reading holds at most this many normal cadences. */
const longestCadences = 2.5;

/** @throws GatesError `bad-policy` where the start is no time, or the schedule would never end. */
export const startJudging = (policy: WatchPolicy, start: WatchStart): Judging => {
  const startedAt = readTime(start.startedAt);
  if (startedAt === null)
    throw new GatesError('bad-policy', `startedAt must be epoch ms, got ${start.startedAt}`);
  const cursor = startCursor(policy, startedAt);
  const [activation] = start.activation ? readTimed([start.activation]) : [];
  const read = createPageReader();
  const processes = createProcesses(read);
  const context = {
    read,
    processes,
    endAt: cursor.endAt,
    durationMs: policy.durationMs,
    longestMs: longestCadences * policy.cadence.normalMs,
    activation: activation && activation.at <= startedAt ? activation : null,
    baseline: readTimed(start.baseline ?? []),
  };
  if (context.activation !== null) processes.take(context.activation.at, context.activation.sample);
  const gates = Object.entries(policy.gates).map(([name, gate]) => openGate(name, gate, context));
  const enforced = gates.filter((gate) => gate.policy.mode === 'enforce');
  /** Scheduled polls at which each gate passed, in the order of `gates`. */
  const passes = gates.map(() => 0);
  let lastAt = -Infinity;
  let known = 0;
  let newestCheck: boolean | null = null;
  let lastWasMade = false;
  let refused = 0;
  let isOver = false;
  // Without a streak that can break, nothing would ever end the wait for an OK.
  const canSettle = enforced.some((gate) => gate.policy.kind === 'consecutive');

  const goOn = (at: number): Outcome => ({ at, decision: 'continue', reasons: [], settled: true });
  const look = (at: number) => {
    for (const gate of gates) gate.look(at);
  };
  look(startedAt);
  let outcome = goOn(startedAt);

  const end = (at: number): Outcome => {
    const advice = enforced
      .filter((gate) => !isActedOn(gate) && gate.isBroken())
      .map((gate) => gate.verdict().sentence);
    const against = reasonsAgainst(policy, gates, {
      scheduled: cursor.total,
      known,
      passes,
      lastWasMade,
      newestCheck,
      refused,
      processes,
    });
    const settled = newestCheck !== false || !canSettle;
    isOver = settled;
    // An advice vouches for nothing: where the others could not be judged, that stands.
    const decision = against.length > 0 ? 'inconclusive' : advice.length > 0 ? 'advise' : 'promote';
    return { at, decision, reasons: [...advice, ...against], settled };
  };
  /** Rule 1, then rule 2 where the window is over. */
  const decide = (at: number): Outcome => {
    const broken = enforced.filter((gate) => isActedOn(gate) && gate.isBroken());
    if (broken.length === 0) return at < cursor.endAt ? goOn(at) : end(at);
    isOver = true;
    const decision = gravity.find((grave) => broken.some((gate) => gate.policy.onBreak === grave));
    const reasons = broken.map((gate) => gate.verdict().sentence);
    return { at, decision: decision ?? 'alert', reasons, settled: true };
  };
  const miss = (passed: readonly number[]) => {
    for (const _due of passed) {
      lastWasMade = false;
      for (const gate of gates) gate.miss();
    }
  };
  const refuse = (why: string): string => {
    refused += 1;
    return why;
  };

  return {
    take: (sample) => {
      if (isOver) return null;
      if (typeof sample !== 'object' || sample === null) return refuse('it is no object');
      const at = readTime(sample.at);
      if (at === null) return refuse('its `at` is neither epoch ms nor RFC 3339');
      if (at < startedAt) return refuse(`${iso(at)} is before the watch began`);
      if (at <= lastAt) return refuse(`out of order: ${iso(at)} is not after ${iso(lastAt)}`);
      lastAt = at;
      const { passed, scheduled } = cursor.arrive(at);
      miss(passed);
      if (isMissed(sample)) {
        if (scheduled) miss([at]);
        look(at);
        outcome = goOn(at);
        return null;
      }
      const check = readCheck(sample.health);
      if (check !== null) {
        newestCheck = check;
        if (scheduled) known += 1;
      }
      if (scheduled) lastWasMade = true;
      processes.take(at, sample);
      for (const gate of gates) gate.take(at, sample);
      gates.forEach((gate, index) => {
        if (gate.judge(at) === 'pass' && scheduled) passes[index] = (passes[index] ?? 0) + 1;
      });
      outcome = decide(at);
      return null;
    },
    finish: (at) => {
      const wasJudged = outcome.decision !== 'continue' && lastAt >= at;
      if (isOver || wasJudged) return outcome;
      const time = Math.max(readTime(at) ?? startedAt, lastAt, startedAt);
      if (time < cursor.endAt) {
        const minutes = (ms: number) => amount(ms / 60_000, 'min');
        const why = `stopped after ${minutes(time - startedAt)} of ${minutes(policy.durationMs)}: stopping early is never success`;
        look(time);
        return { at: time, decision: 'inconclusive', reasons: [why], settled: true };
      }
      miss(cursor.pass(time));
      lastAt = time;
      look(time);
      outcome = decide(time);
      return outcome;
    },
    get outcome() {
      return outcome;
    },
    get isOver() {
      return isOver;
    },
    suspicious: () => gates.some((gate) => gate.suspicious()),
    assessment: ({ at, decision, reasons, settled }) => {
      const told: Record<string, Verdict> = {};
      for (const gate of gates) told[gate.name] = gate.verdict();
      return { at, decision, gates: told, reasons, fingerprint: policy.fingerprint, settled };
    },
  };
};
