import type { Sample } from '@dhash/quality-gates';
import type { Clock } from '../clock.ts';

/** A wall clock that differs from the monotonic one by more than this was set; less is how clocks are kept right, ms. */
const stepMs = 2000;

/** The time of one watch: its start by the wall clock, and from there what the monotonic clock says. */
export interface WatchTime {
  /** Unix epoch, ms; nobody can set it. */
  now(): number;
  /** By how many ms the wall clock was set since this was asked last; 0 where it was not. */
  takeStep(): number;
}

const atMs = ({ at }: Sample): number => (typeof at === 'number' ? at : Date.parse(at));

/**
 * `past`: of a resumed watch. Steps of the wall clock that it holds are taken off again, so that the due times stay
 * where they were; and where the wall clock stands before the newest poll, it was set back meanwhile: the watch goes
 * on from there, and does not wait for the clock to catch up.
 */
export const watchTime = (clock: Clock, past: readonly Sample[]): WatchTime => {
  const monotonicMs = () => clock.monotonicMs?.() ?? clock.now();
  const newest = past.at(-1);
  let aheadMs = past.reduce(
    (sum, sample) => sum + ('clockStep' in sample ? (sample.clockStep ?? 0) : 0),
    0,
  );
  const wallMs = clock.now() - aheadMs;
  const lastAt = newest === undefined ? Number.NEGATIVE_INFINITY : atMs(newest);
  const beganMs = lastAt - wallMs > stepMs ? lastAt : wallMs;
  const beganMonotonicMs = monotonicMs();
  const now = () => beganMs + (monotonicMs() - beganMonotonicMs);
  return {
    now,
    takeStep: () => {
      const nowAheadMs = clock.now() - now();
      const step = nowAheadMs - aheadMs;
      if (Math.abs(step) <= stepMs) return 0;
      aheadMs = nowAheadMs;
      return Math.round(step);
    },
  };
};
