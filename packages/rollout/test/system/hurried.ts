import { type Clock, systemClock } from '../../src/process/clock.ts';

/** The real time, but pauses between two looks are short: for commands that do not watch. */
export const hurried: Clock = {
  now: systemClock.now,
  sleep: (ms, signal) => systemClock.sleep(Math.min(ms, 40), signal),
};

/** The real pace, some time ago. */
export const backBy = (ms: number): Clock => ({
  now: () => systemClock.now() - ms,
  sleep: systemClock.sleep,
});
