import { reasonsAgainst } from './end-of-watch.ts';
import { GatesError } from './errors.ts';
import { openGate } from './gate.ts';
import { amount } from './numbers.ts';
import type { WatchPolicy } from './policy.ts';
import { type PolledSample, readCheck, readTime, type Sample } from './sample.ts';
import { startCursor } from './schedule.ts';
import type { Assessment, Decision, Verdict } from './verdict.ts';

/** A running watch. Its state is a function of the samples alone: no clock, no timer. */
export interface Watch {
  /**
   * Takes the next sample and judges all gates. Never throws: a sample that is no newer than the last
   * one, older than the start or without a time is refused, changes nothing, and is named in `reasons`.
   * Scheduled polls passed over since the last sample count as missed. After the end of the watch
   * (a break, or a settled end) the last assessment is returned unchanged.
   */
  observe(sample: Sample): Assessment;
  /**
   * Judges the end at `at` (epoch ms), also where no sample came for it. Before the window is over it
   * says `inconclusive`, since stopping early is never success, and the watch can still go on.
   */
  finish(at: number): Assessment;
}

/** How a watch is started. */
export type WatchStart = {
  /** When the new release was activated and the window begins; epoch ms. */
  readonly startedAt: number;
  /** Samples of the old release, for gates relative to it. */
  readonly baseline?: readonly Sample[] | undefined;
  /** Taken right after activation (at ≤ startedAt): where counters start from. Others are ignored. */
  readonly activation?: Sample | undefined;
};

type Timed = { readonly at: number; readonly sample: PolledSample };

const iso = (ms: number): string => new Date(ms).toISOString();

const isMissed = (sample: Sample): boolean => 'missed' in sample;

/** Polls with a time, oldest first; what is out of order is left out. */
const readBaseline = (samples: readonly Sample[]): Timed[] => {
  const timed: Timed[] = [];
  for (const sample of samples) {
    const at = readTime(sample?.at);
    if (at === null || isMissed(sample) || at <= (timed.at(-1)?.at ?? -Infinity)) continue;
    timed.push({ at, sample });
  }
  return timed;
};

const gravity: readonly Decision[] = ['rollback', 'freeze', 'alert'];
/** A reading holds at most this many normal cadences. */
const longestCadences = 2.5;

/**
 * Starts judging a release.
 * @throws GatesError `bad-policy` where the start is no time, or the schedule would never end.
 */
export const startWatch = (policy: WatchPolicy, start: WatchStart): Watch => {
  const startedAt = readTime(start.startedAt);
  if (startedAt === null)
    throw new GatesError('bad-policy', `startedAt must be epoch ms, got ${start.startedAt}`);
  const cursor = startCursor(policy, startedAt);
  const [activation] = start.activation ? readBaseline([start.activation]) : [];
  const context = {
    endAt: cursor.endAt,
    longestMs: longestCadences * policy.cadence.normalMs,
    activation: activation && activation.at <= startedAt ? activation : null,
    baseline: readBaseline(start.baseline ?? []),
  };
  const gates = Object.entries(policy.gates).map(([name, gate]) => openGate(name, gate, context));

  const passes = new Map<string, number>();
  let lastAt = -Infinity;
  let known = 0;
  let newestCheck: boolean | null = null;
  let lastWasMade = false;
  let refused = 0;
  let last: Assessment | null = null;
  /** No sample can change `last` any more. */
  let isOver = false;
  // Without a streak that can break, nothing would ever end the wait for an OK.
  const canSettle = gates.some(
    (gate) => gate.policy.kind === 'consecutive' && gate.policy.mode === 'enforce',
  );

  const assess = (
    at: number,
    decision: Decision,
    verdicts: Readonly<Record<string, Verdict>>,
    reasons: readonly string[] = [],
    settled = true,
  ): Assessment => ({
    at,
    decision,
    gates: verdicts,
    reasons,
    fingerprint: policy.fingerprint,
    settled,
  });
  const look = (at: number) => {
    const verdicts: Record<string, Verdict> = {};
    for (const gate of gates) verdicts[gate.name] = gate.look(at);
    return verdicts;
  };
  const refuse = (why: string): Assessment => {
    refused += 1;
    const shown = last ?? assess(startedAt, 'continue', look(startedAt));
    return { ...shown, reasons: [...shown.reasons, `sample refused: ${why}`] };
  };
  /** Rule 1, then rule 2 where the window is over. */
  const decide = (at: number, verdicts: Readonly<Record<string, Verdict>>): Assessment => {
    const broken = gates.filter(
      ({ name, policy: gate }) => gate.mode === 'enforce' && verdicts[name]?.verdict === 'break',
    );
    if (broken.length > 0) {
      isOver = true;
      const decision = gravity.find((grave) =>
        broken.some(({ policy: gate }) => gate.onBreak === grave),
      );
      const reasons = broken.map(({ name }) => verdicts[name]?.sentence ?? name);
      return assess(at, decision ?? 'alert', verdicts, reasons);
    }
    if (at < cursor.endAt) return assess(at, 'continue', verdicts);
    const reasons = reasonsAgainst(policy, gates, verdicts, {
      scheduled: cursor.total,
      known,
      passes,
      lastWasMade,
      newestCheck,
      refused,
    });
    const settled = newestCheck !== false || !canSettle;
    isOver = settled;
    return assess(at, reasons.length > 0 ? 'inconclusive' : 'promote', verdicts, reasons, settled);
  };
  const miss = (passed: readonly number[]) => {
    for (const _due of passed) {
      lastWasMade = false;
      for (const gate of gates) gate.miss();
    }
  };

  const observe = (sample: Sample): Assessment => {
    if (isOver && last) return last;
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
      last = assess(at, 'continue', look(at));
      return last;
    }
    const check = readCheck(sample);
    if (check !== null) {
      newestCheck = check;
      if (scheduled) known += 1;
    }
    if (scheduled) lastWasMade = true;
    const verdicts: Record<string, Verdict> = {};
    for (const gate of gates) {
      const verdict = gate.poll(at, sample);
      verdicts[gate.name] = verdict;
      if (scheduled && verdict.verdict === 'pass')
        passes.set(gate.name, (passes.get(gate.name) ?? 0) + 1);
    }
    last = decide(at, verdicts);
    return last;
  };

  const finish = (at: number): Assessment => {
    if (last && (isOver || (last.decision !== 'continue' && lastAt >= at))) return last;
    const time = Math.max(readTime(at) ?? startedAt, lastAt, startedAt);
    if (time < cursor.endAt) {
      const minutes = (ms: number) => amount(ms / 60_000, 'min');
      const why = `stopped after ${minutes(time - startedAt)} of ${minutes(policy.durationMs)}: stopping early is never success`;
      return assess(time, 'inconclusive', look(time), [why]);
    }
    miss(cursor.pass(time));
    lastAt = time;
    last = decide(time, look(time));
    return last;
  };
  return { observe, finish };
};
