import { explain } from '../explain.ts';
import type { WatchPolicy } from '../policy.ts';
import { type ExportOptions, type Expression, guarded, promDuration } from './expression.ts';
import { allOrError, comment, dashed, quoted, suspectNote } from './yaml.ts';

const breakExpression = ({ value, operator, limit, guards }: Expression): string =>
  guarded(`(${value}) ${operator} ${limit}`, guards);

// Two braces would begin a template of Prometheus; explain writes none, but a unit may hold them.
const sentenceFor = (policy: WatchPolicy, gate: string): string =>
  (explain(policy).find((sentence) => sentence.startsWith(`${gate} `)) ?? gate).replace(
    /[{}]/g,
    '',
  );

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
      ...suspectNote(policy, policy.cadence.initialMs),
    ]),
    'groups:',
    `  - name: ${quoted(dashed('quality-gates', policy.environment))}`,
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
