/** The service that is rolled back. Every function must be safe to call twice. */
export interface Service {
  /** The release that is active, running or not; `null` where none is. */
  active(): Promise<string | null>;
  /** Resolves once no process of the service has the data open. */
  stop(): Promise<void>;
  /** Makes `version` the release that the next `start` starts. */
  activate(version: string): Promise<void>;
  start(): Promise<void>;
}

/** How the service is judged once it runs again. Both should end when the signal aborts. */
export interface Validation {
  /** One check; a check that throws counts as not OK. */
  health(signal: AbortSignal): Promise<{ ok: boolean; reason?: string }>;
  /** `null` where there are no smoke tests. */
  smoke(signal: AbortSignal): Promise<{ ok: boolean; output: string } | null>;
}

/** Time, from outside. */
export interface Clock {
  /** Unix epoch, ms. */
  now(): number;
  /** Ms that nobody can set: what waits are measured by. Absent: `now()`. */
  monotonicMs?(): number;
  /** Rejects with the signal's reason when it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
