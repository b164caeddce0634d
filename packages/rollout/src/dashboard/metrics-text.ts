import { watchPart } from '@dhash/monitor';
import type { RunPage } from '../pages/run-page.ts';
import type { RunStatus } from '../record/run-state.ts';

/** The value of a label, as the text format quotes it. */
const quoted = (value: string): string =>
  `"${value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n')}"`;

type Labels = Readonly<Record<string, string>>;
type Line = readonly [labels: Labels, value: number];

const metric = (name: string, help: string, lines: readonly Line[]): string =>
  [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} gauge`,
    ...lines.map(([labels, value]) => {
      const shown = Object.entries(labels).map(([label, text]) => `${label}=${quoted(text)}`);
      return `${name}{${shown.join(',')}} ${value}`;
    }),
  ].join('\n');

/** Nobody but a person leads out of these. */
const waitsForPeople: readonly RunStatus[] = ['alerted', 'frozen', 'needs people'];

/**
 * The newest run of an environment as Prometheus text: its status, its gates, when it was sampled last. Times are
 * Unix seconds. Pure.
 */
export const metricsText = (page: RunPage | null): string => {
  if (page === null) return '# no run yet\n';
  const { service, env, run, state, watch } = page;
  const place = { service, env };
  const part = watch === null ? null : watchPart(watch);
  const gates = part?.data.gates ?? [];
  const lastMs = part?.data.polls.at(-1)?.atMs;
  const of = (read: (gate: (typeof gates)[number]) => number | null): Line[] =>
    gates.flatMap((one): Line[] => {
      const value = read(one);
      return value === null ? [] : [[{ ...place, gate: one.gate }, value]];
    });
  return `${[
    metric('rollout_run_info', 'The newest run, its release and its status.', [
      [{ ...place, run, version: state.version ?? '', status: state.status }, 1],
    ]),
    metric('rollout_run_open', '1 while the newest run is open.', [[place, state.closed ? 0 : 1]]),
    metric('rollout_watching', '1 while the newest run should be watched.', [
      [place, state.status === 'watching' ? 1 : 0],
    ]),
    metric('rollout_needs_people', '1 while a run waits for a person.', [
      [place, waitsForPeople.includes(state.status) ? 1 : 0],
    ]),
    metric(
      'rollout_last_sample_timestamp_seconds',
      'When the watch sampled last.',
      lastMs === undefined ? [] : [[place, lastMs / 1000]],
    ),
    metric(
      'rollout_gate_value',
      "A gate's value over its window, in its unit.",
      of(({ verdict }) => verdict.value),
    ),
    metric(
      'rollout_gate_threshold',
      "A gate's limit, in its unit.",
      of(({ verdict }) => verdict.threshold),
    ),
    metric(
      'rollout_gate_broken',
      '1 where a gate broke.',
      of(({ verdict }) => (verdict.verdict === 'break' ? 1 : 0)),
    ),
    metric(
      'rollout_gate_blind',
      '1 where a gate has no data.',
      of(({ verdict }) => (verdict.verdict === 'nodata' ? 1 : 0)),
    ),
  ].join('\n')}\n`;
};
