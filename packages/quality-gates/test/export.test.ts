import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatesFor, parseGates } from '../src/config.ts';
import { toAnalysisTemplate, toPrometheusRules } from '../src/export.ts';
import { policyOf, productionGates } from './support/policies.ts';
import { level, only } from './support/polls.ts';

const shipped = async () => {
  const file = new URL('../../../quality-gates-config.json', import.meta.url);
  return gatesFor(parseGates(await readFile(file, 'utf8'), { file: 'shipped.json' }), 'production');
};
type Rules = {
  groups: {
    interval: string;
    rules: { alert: string; expr: string; labels: Record<string, string> }[];
  }[];
};
type Template = {
  spec: {
    dryRun?: { metricName: string }[];
    metrics: {
      name: string;
      successCondition: string;
      failureCondition: string;
      provider: { prometheus: { query: string } };
    }[];
  };
};
const rules = (text: string) => (parse(text) as Rules).groups[0]?.rules ?? [];
const metrics = (text: string) => (parse(text) as Template).spec.metrics;

describe('Prometheus rules', () => {
  it('has an alert for each gate of the shipped policy', async () => {
    const text = toPrometheusRules(await shipped(), {
      selector: 'job="dhash"',
      health: 'probe_success',
    });
    expect(text).toMatchSnapshot();
    expect(rules(text).map(({ labels }) => labels['gate'])).toEqual([
      'healthFailures',
      'healthFailureShare',
      'extractionFailureRate',
      'p95HashTime',
      'lowConfidenceQueue',
    ]);
  });

  it('says what a gauge gate asks for, and n of m', () => {
    const [rate] = rules(
      toPrometheusRules(
        policyOf({ extractionFailureRate: productionGates['extractionFailureRate'] ?? {} }),
      ),
    );
    expect(rate?.expr).toBe(
      '(avg(avg_over_time(extraction_failures_rate[600s]))) > 5 and on() (sum(count_over_time(extraction_failures_rate[600s])) >= 3) and on() ((sum(increase(total_processed[600s])) >= 20 or absent(total_processed)))',
    );
    const [twice] = rules(toPrometheusRules(only({ ...level, for: '2 of 3' })));
    expect(twice?.expr).toBe('(sum_over_time(((max(x)) > bool 10)[90s:30s])) > 1');
    const [below] = rules(toPrometheusRules(only({ ...level, below: true, mode: 'observe' })));
    expect([below?.expr, below?.labels['on_break']]).toEqual(['(min(x)) < 10', 'observe']);
  });
});

describe('an AnalysisTemplate', () => {
  it('has a metric for each gate, with both conditions', async () => {
    const text = toAnalysisTemplate(await shipped(), { selector: 'job="dhash"' });
    expect(text).toMatchSnapshot();
    for (const { successCondition, failureCondition } of metrics(text)) {
      expect(successCondition).toContain('<=');
      expect(failureCondition).toMatch(/> [\d.]+$/);
    }
  });

  it('runs what only observes dry', () => {
    const { spec } = parse(toAnalysisTemplate(only({ ...level, mode: 'observe' }))) as Template;
    expect(spec.dryRun).toEqual([{ metricName: 'gate' }]);
  });
});

it.each([
  ['a comparison', { kind: 'compare', gauge: 'x', tolerance: 0.1 }, 'a rank test'],
  [
    'a baseline',
    { kind: 'level', gauge: 'x', relativeTo: 'baseline', factor: 2 },
    'relative to a baseline',
  ],
  ['a name that is none', { ...level, gauge: 'x-y' }, 'no name of a Prometheus metric'],
])('refuses %s by name', (_title, gate, why) => {
  for (const render of [toPrometheusRules, toAnalysisTemplate])
    expect(() => render(policyOf({ odd: gate }))).toThrow(new RegExp(`odd \\(.*${why}`));
});
