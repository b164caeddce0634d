import { gatesFor, parseGates } from '../../src/config.ts';
import type { WatchPolicy } from '../../src/index.ts';

export type Gates = Record<string, Record<string, unknown>>;

/** GATES.md's production: gauges as in the known gates. */
export const productionGates: Gates = {
  healthFailures: { threshold: 2 },
  extractionFailureRate: { threshold: 5, timeWindow: 10 },
  p95HashTime: { threshold: 2000, timeWindow: 15 },
  lowConfidenceQueue: { threshold: 1000 },
};

/** Production with other gates, or with other keys of the environment. */
export const policyOf = (
  gates: Gates = productionGates,
  environment: Record<string, unknown> = {},
): WatchPolicy =>
  gatesFor(
    parseGates(
      JSON.stringify({
        environments: {
          production: {
            duration: 60,
            autoRollback: true,
            pollCadence: { initial: 30, normal: 120, initialPeriod: 5 },
            minCoverage: 0.9,
            qualityGates: gates,
            ...environment,
          },
        },
      }),
      { file: 'gates.json' },
    ),
    'production',
  );
