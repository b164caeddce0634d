import { openSystemClock } from '@dhash/basics/clock';

/** The time that a watch lives in: real in a run, fake in a test. */
export interface Clock {
  /** Wall clock, Unix epoch, ms. It may be set; a watch only takes its start from it. */
  now(): number;
  /**
   * Ms since any moment, which nobody can set and which go on while the machine sleeps. Waits and due times run on it.
   * Absent: `now()`, and then a watch does what somebody does to the wall clock.
   */
  monotonicMs?(): number;
  /** Resolves once `ms` have passed; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The machine's own clock. */
export const systemClock: Clock & { monotonicMs(): number } = openSystemClock();
