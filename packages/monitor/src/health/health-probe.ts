import type { CheckReading } from '@dhash/quality-gates';

/** A check as it is logged. */
export type HealthReading = CheckReading & {
  /** The control address was asked, and how it went. */
  readonly control?: 'ok' | 'failed';
  /** The address' certificate has ended since an earlier check of this watch was OK. */
  readonly certificate?: 'ended';
  /** What the answer says of which instance it came from, where rollout.yaml names a field and it is no time. */
  readonly instance?: string;
  /** Start time of the process that answered, s since the epoch, by target. */
  readonly processes?: Readonly<Record<string, number>>;
  /** Of several targets: each one's check. */
  readonly replicas?: Readonly<Record<string, CheckReading>>;
};

/** Asks once whether the service is well. */
export interface HealthProbe {
  /** Never throws for a service that is not well; rejects with the signal's reason when aborted. */
  check(signal: AbortSignal): Promise<HealthReading>;
}
