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
      '(avg(avg_over_time(extraction_failures_rate[600s]))) > 5 and on() (max(count_over_time(extraction_failures_rate[600s])) >= 3) and on() ((sum(increase(total_processed[600s])) >= 20 or absent(total_processed)))',
    );
    const [twice] = rules(toPrometheusRules(only({ ...level, for: '2 of 3' })));
    expect(twice?.expr).toBe('(sum_over_time(((max(x)) > bool 10)[89999ms:30s])) > 1');
    const [below] = rules(toPrometheusRules(only({ ...level, below: true, mode: 'observe' })));
    expect([below?.expr, below?.labels['on_break']]).toEqual(['(min(x)) < 10', 'observe']);
  });
});

describe('selectors', () => {
  const windowed = { threshold: 5, timeWindow: 10 };
  const policy = policyOf({
    errors: {
      kind: 'ratio',
      bad: 'r_total{code=~"5..",route!="/he\\"alth"}',
      total: 'r_total',
      confidence: 'off',
      ...windowed,
    },
    slow: { kind: 'quantile', histogram: 'h{route="/"}', q: 0.9, ...windowed },
    lag: { kind: 'level', gauge: 'lag{group="a"}', of: 'sum', valid: { min: 0 }, threshold: 9 },
    age: { kind: 'level', gauge: 'age', threshold: 9 },
    restarts: { kind: 'restarts', threshold: 2, timeWindow: 10 },
  });
  const told = (text: string) => text.replaceAll('\\\\', '\\');
  it.each([
    [
      'rules',
      () => rules(toPrometheusRules(policy, { selector: 'job="shop"' })).map(({ expr }) => expr),
    ],
    [
      'templates',
      () =>
        metrics(toAnalysisTemplate(policy, { selector: 'job="shop"' })).map(
          ({ provider }) => provider.prometheus.query,
        ),
    ],
  ])('go out to %s as they are, with the matchers of the environment', (_title, exported) => {
    const [errors = '', slow = '', lag = '', age = '', restarts = ''] = exported().map(told);
    expect(errors).toContain(
      'sum(increase(r_total{code=~"5..",route!="/he\\"alth",job="shop"}[600s]))',
    );
    expect(errors).toContain('/ sum(increase(r_total{job="shop"}[600s]))');
    expect(slow).toContain('sum by (le) (increase(h_bucket{route="/",job="shop"}[600s]))');
    expect(slow).toContain('sum(increase(h_count{route="/",job="shop"}[600s])) >= 20');
    expect(lag).toContain('sum(lag{group="a",job="shop"} >= 0)');
    expect(age).toContain('max(age{job="shop"})');
    expect(restarts).toContain('max(changes(process_start_time_seconds{job="shop"}[600s]))');
  });

  it('are noted where the gate would ask for "of"', () => {
    expect(toPrometheusRules(policy)).toContain(
      '# of several series, max is judged there; the gate asks for "of"',
    );
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

  it('runs what only observes dry, and nothing whose name begins alike', () => {
    const gates = { p95: { ...level, mode: 'observe' }, p95HashTime: level };
    const { spec } = parse(toAnalysisTemplate(policyOf(gates))) as Template;
    expect(spec.dryRun).toEqual([{ metricName: '^p95$' }]);
  });

  it('keeps gates apart whose names Kubernetes could not', () => {
    const text = toAnalysisTemplate(policyOf({ 'queue.a': level, queue_a: level }));
    expect(metrics(text).map(({ name }) => name)).toEqual(['queue-a', 'queue-a-2']);
  });
});

describe('what is weaker there is said in a comment, in both', () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, RegExp]>([
    [
      'no data that breaks',
      // biome-ignore lint/suspicious/noThenProperty: the key that operators write; never awaited
      { ...level, noData: { then: 'break' } },
      {},
      /no data is a break of the gate; here it is none/,
    ],
    [
      'a control check',
      { kind: 'consecutive', threshold: 2 },
      { health: { control: 'http://control.example/' } },
      /knows no control check: .*http:\/\/control\.example\//,
    ],
    [
      'suspect polls',
      level,
      { pollCadence: { initial: 30, normal: 30, suspect: 10 } },
      /the polls every 10s while a gate is suspicious can't be said/,
    ],
    ['n of m', { ...level, for: '2 of 3' }, {}, /2 of 3 evaluations 30s apart, not polls/],
    [
      'a mean that weighs by time',
      { kind: 'ratio', rate: 'x', threshold: 5, timeWindow: 5 },
      {},
      /each scrape weighs the same/,
    ],
    [
      'an increase',
      { kind: 'ratio', bad: 'x', total: 'y', threshold: 5, timeWindow: 5 },
      {},
      /increase\(\) extrapolates[\s\S]*the plain share over the whole watch is not judged/,
    ],
    ['a streak', { kind: 'consecutive', threshold: 2 }, {}, /counts no checks/],
  ])('%s', (_title, gate, environment, note) => {
    for (const render of [toPrometheusRules, toAnalysisTemplate]) {
      const comments = render(only(gate, environment))
        .split('\n')
        .filter((line) => /^\s*#/.test(line));
      expect(comments.join('\n')).toMatch(note);
    }
  });

  it('and what Argo alone does otherwise', () => {
    const text = toAnalysisTemplate(only({ ...level, onBreak: 'freeze' }));
    expect(text).toContain('a break aborts the rollout there, also where it would only freeze');
    expect(text).toContain('terminated early counts as successful there');
    expect(text).toContain('asks for no coverage');
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
