import type { Sample } from '@dhash/quality-gates';

/** Whether a source gave metrics in these samples: what a resumed watch must remember of its Prometheus. */
export const sourceHasAnswered = (past: readonly Sample[]): boolean =>
  past.some((sample) => 'metrics' in sample && sample.metrics !== undefined);
