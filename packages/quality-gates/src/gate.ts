import type { Lack, Look, Measure, MeasureContext } from './measures/measure.ts';
import { openMeasure } from './measures/open-measure.ts';
import type { GatePolicy } from './policy.ts';
import { limitOf } from './relative-limit.ts';
import type { PolledSample } from './sample.ts';
import { limitText, sentenceOf } from './sentence.ts';
import type { Verdict } from './verdict.ts';

/** One gate of a running watch. */
export type Gate = {
  readonly name: string;
  readonly policy: GatePolicy;
  readonly limit: number;
  readonly measure: Measure;
  /** Takes a poll that was made. All gates take it before any of them judges: one may see whose it is. `false`: no reading. */
  take(at: number, sample: PolledSample): boolean;
  /** Judges the poll that was taken. */
  judge(at: number): Verdict['verdict'];
  /** A poll that was due and not made. */
  miss(): void;
  /** Judges the state at time `at`, without a new reading. */
  look(at: number): void;
  /** For good. */
  isBroken(): boolean;
  /** What keeps it from being judged. */
  lack(): Lack | null;
  /** The newest data alone are beyond, and the gate may still break. */
  suspicious(): boolean;
  /** The newest judgement, told in full: a replay asks for it only where someone reads it. */
  verdict(): Verdict;
};

/** The newest `of` outcomes, and how many of them were beyond. */
const createStreak = ({ need, of }: GatePolicy['streak']) => {
  const newest: boolean[] = new Array<boolean>(of).fill(false);
  let next = 0;
  let beyond = 0;
  return {
    push: (isBeyond: boolean): boolean => {
      beyond += Number(isBeyond) - Number(newest[next]);
      newest[next] = isBeyond;
      next = (next + 1) % of;
      return isBeyond && beyond >= need;
    },
  };
};

/** Opens a gate; everything it decides is a function of the polls it is given. */
export const openGate = (
  name: string,
  policy: GatePolicy,
  context: Omit<MeasureContext, 'limit' | 'windowMs'>,
): Gate => {
  const full = {
    ...context,
    windowMs: 'windowMs' in policy ? policy.windowMs : Infinity,
    limit: policy.threshold,
  };
  const found = limitOf(policy, full);
  const known = found.kind === 'limit' ? found.limit : 0;
  const measure: Measure & { readonly limit?: number } = openMeasure(policy, {
    ...full,
    limit: known,
  });
  const limit = measure.limit ?? known;
  const bound = limitText(policy, limit);
  const streak = createStreak(policy.streak);
  const { after, then } = policy.noData;
  let without = 0;
  let isSilent = false;
  let verdict: Verdict['verdict'] = 'pending';
  let seen: Look = measure.look(-Infinity);
  let broken: Verdict | null = null;
  let newestBeyond = false;
  let isUsable = false;

  const verdictOf = (breaks: boolean, hasFailed: boolean): Verdict['verdict'] => {
    if (breaks) return 'break';
    if (seen.lack === 'several' || seen.lack === 'limit') return 'nodata';
    if (seen.lack === 'baseline' && policy.kind !== 'compare') return 'nodata';
    if (isSilent) return then === 'break' && hasFailed ? 'break' : 'nodata';
    if (seen.lack === 'traffic' || seen.lack === 'bucket') return 'nodata';
    return seen.lack === null ? 'pass' : 'pending';
  };
  const suspicious = (): boolean =>
    verdict !== 'break' &&
    policy.mode === 'enforce' &&
    found.kind === 'limit' &&
    (policy.streak.of > 1 ? newestBeyond : measure.suspicious());
  const describe = (): Verdict => ({
    verdict,
    kind: policy.kind,
    mode: policy.mode,
    value: seen.value,
    threshold: limit,
    unit: policy.unit,
    windowMs: 'windowMs' in policy ? policy.windowMs : null,
    readings: seen.readings,
    events: seen.events,
    suspicious: suspicious(),
    sentence: sentenceOf({
      name,
      gate: policy,
      limit,
      bound,
      verdict,
      look: seen,
      without,
      isSilent,
      reason: measure.reason?.() ?? null,
      why: (found.kind === 'unfit' ? found.why : measure.why?.()) ?? null,
      trouble: context.processes.trouble(),
    }),
  });
  const judge = (at: number, poll: 'usable' | 'unusable' | 'none'): Verdict['verdict'] => {
    if (broken) return 'break';
    seen = measure.look(at);
    if (found.kind !== 'limit' && seen.lack !== 'several') {
      const lack: Lack = found.kind === 'unfit' ? 'limit' : 'baseline';
      seen = { ...seen, lack, beyond: false };
    }
    // A comparison is judged at the end, whether or not that poll brought a reading.
    const isJudged = seen.lack === null && (poll === 'usable' || policy.kind === 'compare');
    const breaks = isJudged && streak.push(seen.beyond);
    if (isJudged) newestBeyond = seen.beyond;
    isSilent = !breaks && without >= after && !(policy.kind === 'compare' && seen.lack === null);
    verdict = verdictOf(breaks, poll === 'unusable');
    // Final: what the metric does from here on changes neither value nor sentence.
    if (verdict === 'break') broken = describe();
    return verdict;
  };
  return {
    name,
    policy,
    limit,
    measure,
    take: (at, sample) => {
      isUsable = measure.take(at, sample);
      without = isUsable ? 0 : without + 1;
      return isUsable;
    },
    judge: (at) => judge(at, isUsable ? 'usable' : 'unusable'),
    miss: () => {
      without += 1;
    },
    look: (at) => {
      judge(at, 'none');
    },
    isBroken: () => broken !== null,
    lack: () => seen.lack,
    suspicious,
    verdict: () => broken ?? describe(),
  };
};
