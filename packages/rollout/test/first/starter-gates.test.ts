import { replay } from '@dhash/quality-gates';
import { gatesFor, gateWarnings, parseGates } from '@dhash/quality-gates/config';
import { describe, expect, it } from 'vitest';
import { type MetricFound, starterGates } from '../../src/first/starter-gates.ts';

const counter = (name: string, labels: MetricFound['labels'] = {}): MetricFound => ({
  name,
  type: 'counter',
  labels,
});
const histogram = (name: string): MetricFound => ({ name, type: 'histogram', labels: {} });

const policyOf = (metrics: readonly MetricFound[]) => {
  const file = parseGates(starterGates(['production', 'staging'], metrics), { file: 'gates.yaml' });
  return gatesFor(file, 'staging');
};

describe('the first gates of a service', () => {
  it.each<[string, readonly MetricFound[], Record<string, object>]>([
    ['without metrics', [], {}],
    [
      'a counter with a status, and a histogram in seconds',
      [
        counter('go_gc_total'),
        counter('http_requests_total', { code: ['200', '404'] }),
        histogram('http_request_duration_seconds'),
      ],
      {
        errors: { bad: 'http_requests_total{code=~"5.+"}', total: 'http_requests_total' },
        slow: { histogram: 'http_request_duration_seconds', scale: 1000, threshold: 2000 },
      },
    ],
    [
      'a status as a class',
      [counter('hits_total', { status: ['2xx'] })],
      { errors: { bad: 'hits_total{status=~"5.+"}' } },
    ],
    [
      'failures beside a total, in ms',
      [counter('upload_failures_total'), counter('upload_total'), histogram('upload_duration_ms')],
      {
        errors: { bad: 'upload_failures_total', total: 'upload_total' },
        slow: { histogram: 'upload_duration_ms', scale: 1 },
      },
    ],
    ['failures of nothing', [counter('upload_failures_total'), counter('down_total')], {}],
    ['a label that is no status', [counter('jobs_total', { code: ['a', 'b'] })], {}],
    ['a histogram of sizes', [histogram('body_bytes')], {}],
  ])('of %s', (_title, metrics, gates) => {
    const policy = policyOf(metrics);
    expect(policy.gates).toMatchObject({ healthFailures: { threshold: 2 }, ...gates });
    expect(Object.keys(policy.gates)).toEqual(['healthFailures', ...Object.keys(gates)]);
    expect(Object.values(policy.gates).map(({ onBreak }) => onBreak)).not.toContain('rollback');
    expect(new Set(Object.values(policy.gates).map(({ onBreak }) => onBreak))).toEqual(
      new Set(['advise']),
    );
    expect(gateWarnings(policy)).toEqual([]);
  });

  it('rolls nothing back for a service that is dead, and tells', () => {
    const policy = policyOf([]);
    const dead = Array.from({ length: 39 }, (_, i) => ({
      at: i < 11 ? i * 30_000 : 420_000 + (i - 11) * 120_000,
      health: { ok: false },
    }));
    const { history } = replay(policy, dead, { startedAt: 0 });
    expect(history.some(({ decision }) => decision === 'rollback')).toBe(false);
    expect(history.at(-1)?.gates['healthFailures']?.verdict).toBe('break');
  });

  it('says how a gate is armed', () => {
    expect(starterGates(['production'], [])).toMatchInlineSnapshot(`
      "# When a release is not good. Every gate begins with onBreak: advise: it judges and tells, and nothing is rolled back
      # for it. After five good deploys this says which gates never raised a false alarm, and which line to change:
      #
      #   npx dhash-rollout gates scorecard
      #
      # To arm a gate, change its "onBreak: advise" to "onBreak: rollback". What each gate does, in sentences:
      #
      #   npx dhash-rollout gates check --live
      environments:
        production:
          duration: 60 # minutes
          qualityGates:
            # more than two health checks in a row that are not OK
            healthFailures:
              threshold: 2
              onBreak: advise
      "
    `);
  });
});
