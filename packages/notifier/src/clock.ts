import { openSystemClock } from '@dhash/basics/clock';

/** Time as a port: all waits between tries and all ages go through it. */
export interface Clock {
  /** Unix epoch, ms. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The real clock. */
export const systemClock: Clock = openSystemClock();
