import type { Assessment, Decision, MissedReason, Sample, WatchPolicy } from '@dhash/quality-gates';
import { startWatch } from '@dhash/quality-gates';
import type { Clock } from '../clock.ts';
import type { SampleLog } from '../sample/sample-log.ts';
import { type Probes, takeSample } from '../sample/take-sample.ts';
import { schedule } from './next-due.ts';
import { noticesOf } from './notices.ts';
import { verdictChanges } from './verdict-changes.ts';
import { STAND_DOWN, type WatchEvent, type WatchOutcome } from './watch-event.ts';
import { watchTime } from './watch-time.ts';

/** Everything that a watch needs; it reads no clock and opens no file by itself. */
export interface WatchOptions extends Probes {
  readonly policy: WatchPolicy;
  /** When the window began, ms since the epoch. A resumed watch: when it began the first time. */
  readonly startedAt: number;
  readonly clock: Clock;
  readonly log: SampleLog;
  /** What the log held when it was opened; `[]` for a new watch. */
  readonly past: readonly Sample[];
  /** Samples of the old release, for gates relative to it. */
  readonly baseline?: readonly Sample[] | undefined;
  /** The sample taken right after activation. */
  readonly activation?: Sample | undefined;
  readonly signal: AbortSignal;
  /** Awaited before each poll that is about to be made. */
  readonly onBeforePoll?: ((at: number) => void | Promise<void>) | undefined;
}

/** Timers stand still while a machine sleeps: waking up is noticed within this time, not at the end. */
const waitSliceMs = 5000;

/** RFC 3339 text or ms to ms. */
const toMs = (at: number | string): number => (typeof at === 'number' ? at : Date.parse(at));

const endsWatch = (
  decision: Decision,
): decision is Exclude<Decision, 'continue' | 'promote' | 'inconclusive'> =>
  decision === 'rollback' || decision === 'freeze' || decision === 'alert';

const startJudging = (options: WatchOptions) =>
  startWatch(options.policy, {
    startedAt: options.startedAt,
    ...(options.baseline === undefined ? {} : { baseline: [...options.baseline] }),
    ...(options.activation === undefined ? {} : { activation: options.activation }),
  });

/**
 * Watches a release until its gates decide. Polls fall at times fixed from the start, one after the
 * other; one that can't be made in time is logged as missed. Given the `past` of a killed watch, it
 * goes on where that one stopped: what it did not see is logged as `not running`, and the decision
 * is the one that a replay of the log gives. Its time runs on the monotonic clock: a wall clock that is set is
 * told (`clock.stepped`, `clockStep` of the sample) and changes no due time. The decision is yielded (`decided`) at
 * once: nothing that is written for people stands before it.
 * @throws what the log throws: a watch that can't record doesn't go on.
 */
export async function* watch(options: WatchOptions): AsyncGenerator<WatchEvent, WatchOutcome> {
  const { policy, startedAt, clock, log, signal } = options;
  const { endAt, next } = schedule(policy, startedAt);
  const judge = startJudging(options);
  const notices = noticesOf();
  let assessment: Assessment | null = null;
  let lastAt: number | null = null;
  let samples = 0;
  let settlingPolls = 0;

  const judgeSample = (sample: Sample & { at: number }): Assessment => {
    const observed = judge.observe(sample);
    samples += 1;
    lastAt = sample.at;
    if (sample.at > endAt) settlingPolls += 1;
    return sample.at < endAt || endsWatch(observed.decision) ? observed : judge.finish(sample.at);
  };
  const due = () =>
    assessment !== null && endsWatch(assessment.decision)
      ? null
      : next({
          lastAt,
          suspicious: Object.values(assessment?.gates ?? {}).some((gate) => gate.suspicious),
          unsettled: assessment !== null && !assessment.settled,
          settlingPolls,
        });
  const ended = (decision: WatchOutcome['decision']): WatchOutcome => ({
    decision,
    assessment: assessment ?? startJudging(options).finish(startedAt),
    samples,
  });

  const sleepOrStop = async (ms: number): Promise<void> => {
    try {
      await clock.sleep(ms, signal);
    } catch (error) {
      // node:timers rejects with an AbortError of its own, not with the reason.
      signal.throwIfAborted();
      throw error;
    }
  };

  for (const one of options.past) {
    const sample = { ...one, at: toMs(one.at) };
    assessment = judgeSample(sample);
    // Told when it happened.
    notices(sample, assessment);
  }
  const time = watchTime(clock, options.past);

  let whyMissed: MissedReason = 'not running';
  try {
    for (let poll = due(); poll !== null; poll = due()) {
      signal.throwIfAborted();
      const { at, kind, lateMs } = poll;
      const waitMs = at - time.now();
      if (waitMs > 0) {
        await sleepOrStop(Math.min(waitMs, waitSliceMs));
        whyMissed = 'asleep';
        continue;
      }
      const before: Assessment | null = assessment;
      if (-waitMs > lateMs) {
        if (kind !== 'scheduled') {
          lastAt = at;
          continue;
        }
        const missed = { at, missed: whyMissed };
        await log.append(missed);
        assessment = judgeSample(missed);
        yield { type: 'missed', sample: missed, assessment, nextAt: due()?.at ?? null };
        yield* notices(missed, assessment);
      } else {
        await options.onBeforePoll?.(at);
        const taken = await takeSample({ ...options, at });
        const clockStep = time.takeStep();
        const sample = clockStep === 0 ? taken : { ...taken, clockStep };
        await log.append(sample);
        assessment = judgeSample(sample);
        whyMissed = 'overrun';
        yield { type: 'poll', sample, assessment, nextAt: due()?.at ?? null };
        yield* notices(sample, assessment);
      }
      yield* verdictChanges(before, assessment);
    }
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return ended(signal.reason === STAND_DOWN ? 'stood-down' : 'interrupted');
  }
  const { decision } = assessment ?? judge.finish(endAt);
  // After the window there is no `continue`; a gates package that said so would be guessed at here.
  const decided = decision === 'continue' ? 'inconclusive' : decision;
  const outcome = ended(decided);
  yield { type: 'decided', ...outcome, decision: decided };
  return outcome;
}
