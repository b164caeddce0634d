import { systemClock as watchClock } from '@dhash/monitor';

/** Time as a port, so that an hour of watching runs in a test in milliseconds. */
export interface Clock {
  /** Unix epoch, ms. */
  now(): number;
  /** Ms that nobody can set; only differences mean anything. Absent: `now()`. */
  monotonicMs?(): number;
  /** Waits; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Ms for a wait: setting the wall clock neither ends it nor makes it longer. */
export const elapsedMsOf = (clock: Pick<Clock, 'now' | 'monotonicMs'>): number =>
  clock.monotonicMs?.() ?? clock.now();

/** The machine's own clock. */
export const systemClock: Clock = watchClock;
