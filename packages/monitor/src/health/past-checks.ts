import type { Sample } from '@dhash/quality-gates';
import type { HealthReading } from './health-probe.ts';

/** A check that was made, and when it was due, ms since the epoch. */
export type PastCheck = { readonly at: number; readonly health: HealthReading };

/** The checks of a target in these samples: its own where several were watched, else that of the service. */
export const pastChecks = (past: readonly Sample[], target: string): PastCheck[] =>
  past.flatMap((sample) => {
    if (!('health' in sample)) return [];
    const health: HealthReading | undefined = sample.replicas?.[target] ?? sample.health;
    if (health === undefined) return [];
    return [{ at: typeof sample.at === 'number' ? sample.at : Date.parse(sample.at), health }];
  });
