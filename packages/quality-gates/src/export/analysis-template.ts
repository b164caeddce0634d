import type { WatchPolicy } from '../policy.ts';
import { pollTimes } from '../schedule.ts';
import { type ExportOptions, type Expression, guarded, promDuration } from './expression.ts';
import { allOrError, comment, dashed, quoted, suspectNote } from './yaml.ts';

/** Argo asks again this long after an error, whatever the interval (analysis/analysis.go, DefaultErrorRetryInterval). */
const argoRetryMs = 10_000;

/** Argo's names are told apart without regard to what Kubernetes forbids in them; ours must stay apart too. */
const argoNames = (found: readonly Expression[]): Map<string, string> => {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { name } of found) {
    const plain = dashed(name);
    let free = plain;
    for (let n = 2; taken.has(free); n++) free = `${plain}-${n}`;
    taken.add(free);
    names.set(name, free);
  }
  return names;
};

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
  // The first at 0, the last at the end.
  const count = Math.floor(policy.durationMs / intervalMs) + 1;
  // Not (1 - minJudged) × count, which is 5.999… of 30 at 0.8.
  const inconclusiveLimit = count - Math.ceil(policy.minJudged * count - 1e-9);
  const names = argoNames(found);
  const nameOf = ({ name }: Expression) => quoted(names.get(name) ?? name);
  const metric = (each: Expression): string[] => {
    const query = guarded(`(${each.value})`, each.guards);
    const errors =
      each.gate.noData.then === 'break'
        ? each.gate.noData.after
        : Math.ceil(policy.durationMs / argoRetryMs);
    const good = each.operator === '>' ? '<=' : '>=';
    return [
      ...comment('    ', [
        ...each.notes,
        ...(each.gate.mode === 'enforce' && each.gate.onBreak !== 'rollback'
          ? [`a break aborts the rollout there, also where it would only ${each.gate.onBreak} here`]
          : []),
      ]),
      `    - name: ${nameOf(each)}`,
      `      interval: ${promDuration(intervalMs)}`,
      `      count: ${count}`,
      '      failureLimit: 0',
      `      inconclusiveLimit: ${inconclusiveLimit}`,
      `      consecutiveErrorLimit: ${errors}`,
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
      ...suspectNote(policy, intervalMs),
      `While Prometheus can't be asked, Argo asks again every ${promDuration(argoRetryMs)} and counts no measurement; it aborts the rollout after consecutiveErrorLimit of those, where a watch here would end inconclusive.`,
      'The end asks for no coverage and no last check that is OK: those are not judged there.',
      'A run that is terminated early counts as successful there; a watch that is stopped early never does here.',
    ]),
    'apiVersion: argoproj.io/v1alpha1',
    'kind: AnalysisTemplate',
    'metadata:',
    `  name: ${quoted(dashed('quality-gates', policy.environment))}`,
    'spec:',
    ...(dryRun.length === 0
      ? []
      : // A pattern there: without anchors "p95" would run "p95-hash-time" dry too.
        [
          '  dryRun:',
          ...dryRun.map((each) => `    - metricName: ${quoted(`^${names.get(each.name)}$`)}`),
        ]),
    '  metrics:',
    ...found.flatMap(metric),
    '',
  ].join('\n');
};
