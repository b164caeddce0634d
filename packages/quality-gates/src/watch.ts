import { startJudging, type WatchStart } from './judging.ts';
import type { WatchPolicy } from './policy.ts';
import type { Sample } from './sample.ts';
import type { Assessment } from './verdict.ts';

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

/** What a refused sample is answered with: what was so before it, and why it was refused. */
export const withRefusal = (last: Assessment, why: string): Assessment => ({
  ...last,
  reasons: [...last.reasons, `sample refused: ${why}`],
});

/**
 * Starts judging a release.
 * @throws GatesError `bad-policy` where the start is no time, or the schedule would never end.
 */
export const startWatch = (policy: WatchPolicy, start: WatchStart): Watch => {
  const judging = startJudging(policy, start);
  let last = judging.assessment(judging.outcome);
  return {
    observe: (sample) => {
      if (judging.isOver) return last;
      const refusal = judging.take(sample);
      if (refusal !== null) return withRefusal(last, refusal);
      last = judging.assessment(judging.outcome);
      return last;
    },
    finish: (at) => {
      const before = judging.outcome;
      const outcome = judging.finish(at);
      if (outcome === before) return last;
      const told = judging.assessment(outcome);
      if (outcome === judging.outcome) last = told;
      return told;
    },
  };
};
