import type { GatePolicy, WatchPolicy } from '../policy.ts';
import { parseSelector, type Selector } from './selector.ts';

/** What a gate expects behind a selector. */
export type MetricType = 'counter' | 'gauge' | 'histogram';

/** One metric that a gate reads. */
export type SelectedMetric = {
  /** Name of the gate. */
  readonly gate: string;
  /** Under which key of the gate it stands. */
  readonly key: 'bad' | 'total' | 'rate' | 'gauge' | 'histogram' | 'events';
  /** A histogram's selector has the base name, without `_bucket`, and knows no `le`. */
  readonly type: MetricType;
  readonly text: string;
  readonly selector: Selector;
  /** The gate is judged without it too. */
  readonly optional: boolean;
};

/** More series than this behind one selector are no reading; the source says so in `unread`. */
export const MOST_SERIES = 1000;

type Named = Pick<SelectedMetric, 'key' | 'type' | 'text' | 'optional'>;

/** The metrics of one gate, as it names them. */
export const metricsOfGate = (gate: GatePolicy): Named[] => {
  const named = (
    key: SelectedMetric['key'],
    type: MetricType,
    text: string,
    optional = false,
  ): Named => ({ key, type, text, optional });
  const events =
    'events' in gate && gate.events !== null
      ? [named('events', 'counter', gate.events.counter, gate.events.optional)]
      : [];
  switch (gate.kind) {
    case 'ratio':
      return gate.source === 'counters'
        ? [named('bad', 'counter', gate.bad), named('total', 'counter', gate.total)]
        : [named('rate', 'gauge', gate.rate), ...events];
    case 'quantile':
      return gate.source === 'histogram'
        ? [named('histogram', 'histogram', gate.histogram)]
        : [named('gauge', 'gauge', gate.gauge), ...events];
    case 'level':
    case 'compare':
      return [named('gauge', 'gauge', gate.gauge)];
    default:
      return [];
  }
};

/**
 * Every metric that the gates of a policy read: what a source keeps of a page. Besides them a source
 * always reads the start times of the processes (`processes` of a sample).
 * @throws GatesError `bad-selector` for a hand-made policy.
 */
export const selectorsOf = (policy: Pick<WatchPolicy, 'gates'>): SelectedMetric[] =>
  Object.entries(policy.gates).flatMap(([gate, of]) =>
    metricsOfGate(of).map((named) => ({ gate, ...named, selector: parseSelector(named.text) })),
  );
