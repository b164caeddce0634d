import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { environmentsOf, gatesFor, parseGates } from '../src/config.ts';
import { toAnalysisTemplate } from '../src/export.ts';
import type { WatchPolicy } from '../src/index.ts';
import { level, only } from './support/polls.ts';

// What Argo Rollouts asks of a template, written down from its sources at 9f8d111 (2026-08-17): the fields and
// types of manifests/crds/analysis-template-crd.yaml, the rules of ValidateMetric in utils/analysis/factory.go.
const goDuration = z.string().regex(/^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/);
const kubernetesName = z
  .string()
  .max(253)
  .regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/);
const metric = z
  .strictObject({
    name: z.string().min(1),
    interval: goDuration,
    count: z.int().min(1),
    failureLimit: z.int().min(0),
    inconclusiveLimit: z.int().min(0),
    consecutiveErrorLimit: z.int().min(0),
    successCondition: z.string().min(1),
    failureCondition: z.string().min(1),
    provider: z.strictObject({
      prometheus: z.strictObject({ address: z.url(), query: z.string().min(1) }),
    }),
  })
  .refine(({ count, failureLimit }) => count >= failureLimit, 'count under failureLimit')
  .refine(({ count, inconclusiveLimit }) => count >= inconclusiveLimit, 'under inconclusiveLimit');
const template = z.strictObject({
  apiVersion: z.literal('argoproj.io/v1alpha1'),
  kind: z.literal('AnalysisTemplate'),
  metadata: z.strictObject({ name: kubernetesName }),
  spec: z
    .strictObject({
      dryRun: z.array(z.strictObject({ metricName: z.string() })).optional(),
      metrics: z.array(metric).min(1),
    })
    .refine(({ metrics }) => new Set(metrics.map(({ name }) => name)).size === metrics.length, {
      error: 'duplicate metric name',
    })
    // GetDryRunMetrics: a rule that matches no metric is an error.
    .refine(({ dryRun = [], metrics }) =>
      dryRun.every(({ metricName }) =>
        metrics.some(({ name }) => new RegExp(metricName).test(name)),
      ),
    ),
});

const read = (policy: WatchPolicy) => template.parse(parse(toAnalysisTemplate(policy)));

const file = new URL('../../../quality-gates-config.json', import.meta.url);
const shipped = parseGates(await readFile(file, 'utf8'), { file: 'shipped.json' });

const windowed = { threshold: 5, timeWindow: '90s' };
const kinds: [string, Record<string, unknown>][] = [
  ['consecutive', { kind: 'consecutive', threshold: 2 }],
  ['share', { kind: 'share', ...windowed }],
  ['ratio of counters', { kind: 'ratio', bad: 'bad_total', total: 'all_total', ...windowed }],
  ['mean of a rate', { kind: 'ratio', rate: 'rate', events: 'all_total', ...windowed }],
  ['quantile of a histogram', { kind: 'quantile', histogram: 'seconds', q: 0.95, ...windowed }],
  ['median of a gauge', { kind: 'quantile', gauge: 'p95', ...windowed }],
  ['level', { ...level, below: true }],
  ['n of m', { ...level, for: '3 of 5' }],
  ['observed', { ...level, mode: 'observe' }],
];

describe('an AnalysisTemplate holds what the CRD of Argo Rollouts asks for', () => {
  it.each(environmentsOf(shipped))('shipped %s', (environment) => {
    expect(read(gatesFor(shipped, environment)).spec.metrics).toHaveLength(5);
  });

  it.each(kinds)('%s', (_title, gate) => {
    expect(read(only(gate)).spec.metrics).toHaveLength(1);
  });

  it('in an environment whose name Kubernetes would refuse', () => {
    const name = (environment: string) => read({ ...only(level), environment }).metadata.name;
    expect(name('EU_West.1-')).toBe('quality-gates-eu-west-1');
  });

  it('measures at both ends, leaves as many open as minJudged, waits for a Prometheus that is down', () => {
    const [metric] = read(gatesFor(shipped, 'production')).spec.metrics;
    // 60 min at 120 s; 0.8 of 31 are 25 that must be judged; 60 min of a retry every 10 s.
    expect(metric).toMatchObject({ count: 31, inconclusiveLimit: 6, consecutiveErrorLimit: 360 });
  });

  it('gives up soon where no data is a break', () => {
    // biome-ignore lint/suspicious/noThenProperty: the key that operators write; never awaited
    const [metric] = read(only({ ...level, noData: { after: 4, then: 'break' } })).spec.metrics;
    expect(metric?.consecutiveErrorLimit).toBe(4);
  });
});

it('is refused with a field that Argo does not know', () => {
  const text = toAnalysisTemplate(only(level)).replace('failureLimit', 'failureLimits');
  expect(template.safeParse(parse(text)).success).toBe(false);
});
