import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tempFolder } from '@dhash/testkit';
import { parse } from 'yaml';
import { disarm } from '../../src/config.ts';
import { toPrometheusRules } from '../../src/export.ts';
import { type PolledSample, replay, type WatchPolicy } from '../../src/index.ts';

export const promtool = async (...argv: string[]): Promise<string> => {
  const { stdout } = await promisify(execFile)('promtool', argv, { maxBuffer: 2 ** 26 });
  return stdout;
};

/** A scrape this long after the poll, evaluated ten seconds later: the window's left end, which Prometheus 2 counts in, falls between two scrapes. */
const scrapeAfterMs = 20_000;
const evaluateAfterMs = 30_000;
const gridMs = 10_000;

/** Every series of the samples, as promtool's test files have them: a value a grid step, `_` for none. */
const inputSeries = (samples: readonly PolledSample[]) => {
  const last = Number(samples.at(-1)?.at);
  const series = new Map<string, string[]>();
  const put = (name: string, at: number, value: unknown) => {
    if (typeof value !== 'number') return;
    const steps =
      series.get(name) ?? new Array<string>((last + evaluateAfterMs) / gridMs).fill('_');
    series.set(name, steps);
    steps[(at + scrapeAfterMs) / gridMs] = String(value);
  };
  for (const sample of samples) {
    const at = Number(sample.at);
    const ok = sample.health?.ok ?? null;
    if (ok !== null) put('up', at, ok ? 1 : 0);
    for (const [name, value] of Object.entries(sample.metrics ?? {})) {
      if (typeof value !== 'object' || value === null || !('le' in value)) {
        put(name, at, value);
        continue;
      }
      const { le, count } = value as { le: Record<string, number>; count: number };
      for (const [bound, rose] of Object.entries(le))
        put(`${name}_bucket{le="${bound}"}`, at, rose);
      put(`${name}_count`, at, count);
    }
  }
  return [...series].map(([name, values]) => ({ series: name, values: values.join(' ') }));
};

type Rule = {
  alert: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
};

/** When each gate first broke, in seconds; every gate is judged to the end. */
export const firstBreaks = (policy: WatchPolicy, samples: readonly PolledSample[]) => {
  const watched = disarm(policy, Object.keys(policy.gates));
  const breaks: Record<string, number | null> = {};
  const { history } = replay(watched, samples);
  for (const gate of Object.keys(policy.gates)) {
    const found = history.find(({ gates }) => gates[gate]?.verdict === 'break');
    breaks[gate] = found === undefined ? null : found.at / 1000;
  }
  return breaks;
};

/**
 * Asks `promtool test rules` whether each gate's exported alert fires at the poll (s) that `breaks` says,
 * and at none before it. Polls must fall on a grid of 10 s and start at 0.
 * @throws with promtool's words where one does not.
 */
export const alertsFireAt = async (
  policy: WatchPolicy,
  runs: readonly {
    samples: readonly PolledSample[];
    breaks: Readonly<Record<string, number | null>>;
  }[],
): Promise<void> => {
  const folder = await tempFolder();
  const text = toPrometheusRules(policy);
  const { groups } = parse(text) as { groups: { rules: Rule[] }[] };
  const tests = runs.map(({ samples, breaks }) => ({
    interval: `${gridMs / 1000}s`,
    input_series: inputSeries(samples),
    alert_rule_test: (groups[0]?.rules ?? []).flatMap(({ alert, labels, annotations }) => {
      const breakAt = breaks[labels['gate'] ?? ''];
      if (breakAt === undefined) return [];
      return samples
        .map(({ at }) => Number(at))
        .filter((at) => breakAt === null || at <= breakAt * 1000)
        .map((at) => ({
          eval_time: `${(at + evaluateAfterMs) / 1000}s`,
          alertname: alert,
          exp_alerts:
            at / 1000 === breakAt ? [{ exp_labels: labels, exp_annotations: annotations }] : [],
        }));
    }),
  }));
  await writeFile(join(folder, 'rules.yml'), text);
  // JSON is YAML.
  const file = { rule_files: ['rules.yml'], evaluation_interval: '30s', tests };
  await writeFile(join(folder, 'tests.yml'), JSON.stringify(file));
  await promtool('test', 'rules', join(folder, 'tests.yml'));
};
