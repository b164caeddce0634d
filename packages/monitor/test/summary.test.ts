import { expect, it } from 'vitest';
import { allVerdictChanges, summarize } from '../src/index.ts';
import { startedAt } from './support/service.ts';
import { assessmentOf, brokenWatch } from './support/watched.ts';

it('a summary is plain JSON with everything a machine asks for', () => {
  const { policy, samples, assessments } = brokenWatch();
  const summary = summarize({
    run: 'run-1',
    policy,
    startedAt,
    endedAt: startedAt + 60_000,
    decision: 'rollback',
    assessment: assessments[2] ?? assessmentOf(0, {}),
    samples,
    samplesSha256: 'cd'.repeat(32),
    head: '7:abc',
  });
  expect(summary).toMatchObject({
    format: 1,
    run: 'run-1',
    environment: 'production',
    decision: 'rollback',
    reasons: ['lowConfidenceQueue: queue of 1001 over 1000'],
    startedAt: '2026-11-24T02:00:00.000Z',
    endedAt: '2026-11-24T02:01:00.000Z',
    polls: 2,
    missed: 1,
    gates: { lowConfidenceQueue: { verdict: 'break', value: 1001, threshold: 1000 } },
    fingerprint: policy.fingerprint,
    samplesSha256: 'cd'.repeat(32),
    head: '7:abc',
  });
  expect(summary.gates['healthFailures']).not.toHaveProperty('suspicious');
  expect(JSON.parse(JSON.stringify(summary))).toEqual(summary);
});

it('verdict changes: none for pending at first, each change once, in order', () => {
  const changes = allVerdictChanges([
    assessmentOf(0, { a: { verdict: 'pending' }, b: { verdict: 'pass' } }),
    assessmentOf(30, { a: { verdict: 'pass' }, b: { verdict: 'pass' } }),
    assessmentOf(60, { a: { verdict: 'nodata' }, b: { verdict: 'break' } }),
    assessmentOf(90, { a: { verdict: 'nodata' }, b: { verdict: 'break' } }),
  ]);
  expect(
    changes.map(({ at, gate, from, to }) => `${(at - startedAt) / 1000} ${gate} ${from} ${to}`),
  ).toEqual(['0 b null pass', '30 a pending pass', '60 a pass nodata', '60 b pass break']);
});
