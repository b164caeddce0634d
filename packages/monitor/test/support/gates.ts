import type { WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';

/** Production's shape (GATES.md): 60 minutes, polls at 30 s then 120 s; `more` goes over it. */
export const policyOf = (more: Record<string, unknown> = {}): WatchPolicy => {
  const text = JSON.stringify({
    environments: {
      production: {
        duration: 60,
        autoRollback: true,
        pollCadence: { initial: 30, normal: 120, initialPeriod: 5 },
        qualityGates: {
          healthFailures: { threshold: 2 },
          lowConfidenceQueue: { threshold: 1000 },
        },
        ...more,
      },
    },
  });
  return gatesFor(parseGates(text, { file: 'gates.json' }), 'production');
};
