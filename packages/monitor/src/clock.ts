/** The time that a watch lives in: real in a run, fake in a test. */
export interface Clock {
  /** Unix epoch, ms. */
  now(): number;
  /** Resolves once `ms` have passed; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
