import { nearest } from '@dhash/basics/nearest';
import type { GatePolicy } from '../policy.ts';
import type { Timed } from '../sample.ts';
import { parseSelector, selectorMatches } from '../series/selector.ts';
import { metricsOfGate } from '../series/selectors-of.ts';
import { parseSeriesKey } from '../series/series-key.ts';

/** Names of all metrics that there are, as far as they are known. */
export type MetricNames = readonly string[];

const keysOf = ({ sample }: Timed): readonly string[] => {
  const metrics: unknown = sample.metrics;
  return typeof metrics === 'object' && metrics !== null ? Object.keys(metrics) : [];
};

/** Other endings that the same thing often has. */
const relatives = (name: string): readonly string[] => [
  `${name}_total`,
  name.replace(/_total$/, ''),
  name.replace(/_(bucket|count|sum)$/, ''),
];

const nearName = (name: string, names: MetricNames): string | null =>
  relatives(name).find((other) => other !== name && names.includes(other)) ?? nearest(name, names);

/** Why one metric of a gate is in none of the samples; `null` where it is in one. */
const whyAbsent = (text: string, polls: readonly Timed[], names: MetricNames): string | null => {
  const selector = parseSelector(text);
  const series = [...new Set(polls.flatMap(keysOf))].map(parseSeriesKey);
  const named = series.filter(({ name }) => name === selector.name);
  if (named.some(({ labels }) => selectorMatches(selector, labels))) return null;
  if (
    polls.some(({ sample }) => sample.known?.includes(selector.name) === true) ||
    named.length > 0
  )
    return `${text} selects no series, though ${selector.name} is there`;
  const all = [...new Set([...names, ...series.map(({ name }) => name)])];
  if (all.includes(selector.name))
    return `${text} selects no series, though ${selector.name} is there`;
  const near = nearName(selector.name, all);
  return `${text} is not there${near === null ? '' : `; ${near} is`}`;
};

/** What the source said of a metric. */
const whyUnread = (text: string, polls: readonly Timed[]): string | null => {
  const selector = parseSelector(text);
  for (const { sample } of polls.toReversed())
    for (const [key, why] of Object.entries(sample.unread ?? {})) {
      const { name, labels } = parseSeriesKey(key);
      if (name === selector.name && (key === name || selectorMatches(selector, labels)))
        return `${key}: ${why}`;
    }
  return null;
};

/** Why a gate has no reading in any of the samples: what the source said, else what is not there. */
export const whyNotThere = (
  gate: GatePolicy,
  polls: readonly Timed[],
  names: MetricNames,
): string | null => {
  const metrics = metricsOfGate(gate).filter(({ optional }) => !optional);
  if (metrics.length === 0) return null;
  const newest = polls.at(-1)?.sample;
  if (typeof newest?.metricsError === 'string') return `no metrics: ${newest.metricsError}`;
  const isRead = polls.some(({ sample }) => typeof sample.metrics === 'object');
  if (!isRead) return 'no metrics in any sample';
  const reasons = metrics.flatMap(({ text, key }) => {
    const why = whyUnread(text, polls) ?? whyAbsent(text, polls, names);
    if (why === null) return [];
    const hint =
      key === 'bad' && why.endsWith('is not there')
        ? ' (a counter that is shown only after its first use? say absent: 0)'
        : '';
    return [why + hint];
  });
  return reasons.length === 0 ? null : reasons.join('; ');
};
