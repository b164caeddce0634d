import { GatesError } from './errors.ts';
import { explain } from './explain.ts';
import {
  type ExportOptions,
  type Expression,
  expressions,
  promDuration,
} from './export/expression.ts';
import type { WatchPolicy } from './policy.ts';
import { pollTimes } from './schedule.ts';

export type { ExportOptions } from './export/expression.ts';

// A JSON text is a YAML scalar: nothing in a name can end it early.
const quoted = (text: string): string => JSON.stringify(text);
const comment = (indent: string, lines: readonly string[]): string[] =>
  lines.map((line) => `${indent}# ${line.replace(/[\r\n]+/g, ' ')}`);

const allOrError = (policy: WatchPolicy, options: ExportOptions, target: string) => {
  const { found, inexpressible } = expressions(policy, options);
  if (inexpressible.length > 0)
    throw new GatesError(
      'not-expressible',
      `${target} can't express ${inexpressible.map(({ name, why }) => `${name} (${why})`).join(', ')}; take it out of the exported policy, or disarm it there`,
    );
  return found;
};

const breakExpression = ({ value, operator, limit, guards }: Expression): string =>
  [`(${value}) ${operator} ${limit}`, ...guards.map((guard) => `(${guard})`)].join(' and on() ');

const name = (text: string): string => text.replace(/[^A-Za-z0-9]+/g, '-').toLowerCase();

/**
 * Prometheus alert rules, YAML: an alert for each gate, labelled with what a break leads to. Comments say
 * where an alert is weaker than its gate.
 * @throws GatesError `not-expressible`, naming each gate that PromQL can't say.
 */
export const toPrometheusRules = (policy: WatchPolicy, options: ExportOptions = {}): string => {
  const found = allOrError(policy, options, 'a Prometheus rule');
  return [
    ...comment('', [
      `Quality gates of ${policy.environment}, policy ${policy.fingerprint.slice(0, 12)}.`,
      'Alerts have no end of a watch: coverage, minJudged, "no data" and the last check are not judged here.',
    ]),
    'groups:',
    `  - name: ${quoted(`quality-gates-${name(policy.environment)}`)}`,
    `    interval: ${promDuration(policy.cadence.initialMs)}`,
    '    rules:',
    ...found.flatMap((each) => [
      ...comment('      ', each.notes),
      `      - alert: ${quoted(`QualityGate_${each.name}`)}`,
      `        expr: ${quoted(breakExpression(each))}`,
      '        labels:',
      `          environment: ${quoted(policy.environment)}`,
      `          gate: ${quoted(each.name)}`,
      `          on_break: ${quoted(each.gate.mode === 'observe' ? 'observe' : each.gate.onBreak)}`,
      '        annotations:',
      `          summary: ${quoted(sentenceFor(policy, each.name))}`,
    ]),
    '',
  ].join('\n');
};

// Braces would be read as a template by Prometheus; there are none in what explain says, names aside.
const sentenceFor = (policy: WatchPolicy, gate: string): string =>
  (explain(policy).find((sentence) => sentence.startsWith(`${gate} `)) ?? gate).replace(
    /[{}]/g,
    '',
  );

/**
 * An Argo Rollouts AnalysisTemplate, YAML, on Prometheus queries. Each metric has a success *and* a
 * failure condition, so that NaN and no data are Inconclusive there, not passed.
 * @throws GatesError `not-expressible`, naming each gate that PromQL can't say.
 */
export const toAnalysisTemplate = (
  policy: WatchPolicy,
  options: ExportOptions & { readonly address?: string | undefined } = {},
): string => {
  const found = allOrError(policy, options, 'an AnalysisTemplate');
  const intervalMs = policy.cadence.normalMs;
  const count = Math.max(1, Math.floor(policy.durationMs / intervalMs));
  const metric = (each: Expression): string[] => {
    const enough = each.guards.map((guard) => `(${guard})`);
    const query = [`(${each.value})`, ...enough].join(' and on() ');
    const good = each.operator === '>' ? '<=' : '>=';
    return [
      ...comment('    ', [
        ...each.notes,
        ...(each.gate.mode === 'enforce' && each.gate.onBreak !== 'rollback'
          ? [`a break aborts the rollout there, also where it would only ${each.gate.onBreak} here`]
          : []),
      ]),
      `    - name: ${quoted(name(each.name))}`,
      `      interval: ${promDuration(intervalMs)}`,
      `      count: ${count}`,
      '      failureLimit: 0',
      `      inconclusiveLimit: ${Math.max(0, Math.floor((1 - policy.minJudged) * count))}`,
      `      consecutiveErrorLimit: ${each.gate.noData.after}`,
      `      successCondition: ${quoted(`len(result) > 0 && result[0] ${good} ${each.limit}`)}`,
      `      failureCondition: ${quoted(`len(result) > 0 && result[0] ${each.operator} ${each.limit}`)}`,
      '      provider:',
      '        prometheus:',
      `          address: ${quoted(options.address ?? 'http://prometheus:9090')}`,
      `          query: ${quoted(query)}`,
    ];
  };
  const dryRun = found.filter(({ gate }) => gate.mode === 'observe');
  return [
    ...comment('', [
      `Quality gates of ${policy.environment}, policy ${policy.fingerprint.slice(0, 12)}.`,
      `Polled every ${promDuration(intervalMs)}, ${count} times; the closer polls of the first minutes (${pollTimes(policy).length} in all) can't be said there.`,
      'A run that is terminated early counts as successful there; a watch that is stopped early never does here.',
    ]),
    'apiVersion: argoproj.io/v1alpha1',
    'kind: AnalysisTemplate',
    'metadata:',
    `  name: ${quoted(`quality-gates-${name(policy.environment)}`)}`,
    'spec:',
    ...(dryRun.length === 0
      ? []
      : ['  dryRun:', ...dryRun.map((each) => `    - metricName: ${quoted(name(each.name))}`)]),
    '  metrics:',
    ...found.flatMap(metric),
    '',
  ].join('\n');
};
