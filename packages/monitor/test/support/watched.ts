import type { Assessment, Verdict, WatchPolicy } from '@dhash/quality-gates';
import type { ReportInput } from '../../src/index.ts';
import { policyOf } from './gates.ts';
import { startedAt } from './service.ts';

/** A verdict with what a test cares about in it. */
export const verdictOf = (more: Partial<Verdict> = {}): Verdict => ({
  verdict: 'pass',
  kind: 'level',
  mode: 'enforce',
  value: 10,
  threshold: 1000,
  unit: 'items',
  windowMs: null,
  readings: 3,
  events: null,
  suspicious: false,
  sentence: '10 items, allowed are 1000',
  ...more,
});

/** An assessment `seconds` after the start. */
export const assessmentOf = (
  seconds: number,
  gates: Readonly<Record<string, Partial<Verdict>>>,
  more: Partial<Assessment> = {},
): Assessment => ({
  at: startedAt + seconds * 1000,
  decision: 'continue',
  gates: Object.fromEntries(Object.entries(gates).map(([name, one]) => [name, verdictOf(one)])),
  reasons: [],
  fingerprint: 'ab'.repeat(32),
  settled: true,
  ...more,
});

/** Three polls, one of them missed, and a queue gate that breaks at the last. */
export const brokenWatch = (policy: WatchPolicy = policyOf()): ReportInput => ({
  run: 'run-1',
  title: 'dhash 1.2 → production',
  policy,
  startedAt,
  samples: [
    { at: startedAt, health: { ok: true, ms: 12 } },
    { at: startedAt + 30_000, missed: 'asleep' },
    { at: startedAt + 60_000, health: { ok: false, reason: 'HTTP 503: full' } },
  ],
  assessments: [
    assessmentOf(0, {
      lowConfidenceQueue: {},
      healthFailures: { value: 0, threshold: 2, unit: null },
    }),
    assessmentOf(30, {
      lowConfidenceQueue: { value: null },
      healthFailures: { value: 0, threshold: 2, unit: null },
    }),
    assessmentOf(
      60,
      {
        healthFailures: { value: 1, threshold: 2, unit: null, suspicious: true },
        lowConfidenceQueue: { verdict: 'break', value: 1001, sentence: 'queue of 1001 over 1000' },
      },
      { decision: 'rollback', reasons: ['lowConfidenceQueue: queue of 1001 over 1000'] },
    ),
  ],
  journal: { head: '7:abc' },
  samplesSha256: 'cd'.repeat(32),
});
