import type { GatePolicy, GaugeReading, WatchPolicy } from '../policy.ts';
import { parseSelector } from '../series/selector.ts';
import { metricsOfGate } from '../series/selectors-of.ts';
import { normalQuantile } from '../wilson.ts';

/** How the policy's names are found in Prometheus. */
export type ExportOptions = {
  /** Label matchers for every series, without braces: `job="dhash",env="production"`. */
  readonly selector?: string | undefined;
  /** The series that is 1 while the service is healthy and 0 while it is not; default `up`. */
  readonly health?: string | undefined;
};

/** A gate in PromQL. */
export type Expression = {
  readonly name: string;
  readonly gate: GatePolicy;
  /** Of what the limit is for: already scaled, in the gate's unit (of Wilson bounds: percent). */
  readonly value: string;
  readonly operator: '>' | '<';
  readonly limit: number;
  /** Must hold too, or there is nothing to judge. */
  readonly guards: readonly string[];
  /** Where the export is weaker than the gate. */
  readonly notes: readonly string[];
};

/** A gate that PromQL can't say. */
export type Inexpressible = { readonly name: string; readonly why: string };

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** PromQL durations know no fractions. */
export const promDuration = (ms: number): string => (ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`);

const wilson = (bad: string, total: string, z: number, sign: '-' | '+'): string => {
  const p = `clamp_max(${bad} / ${total}, 1)`;
  const z2 = z * z;
  return `100 * (${p} + ${z2 / 2} / ${total} ${sign} ${z} * sqrt(${p} * (1 - ${p}) / ${total} + ${z2 / 4} / ${total} ^ 2)) / (1 + ${z2} / ${total})`;
};

/** A selector with more matchers, and an ending for a histogram's series. */
const seriesText = (text: string, more: string | undefined, ending: string): string => {
  const { name, matchers } = parseSelector(text);
  const all = matchers.map(({ label, op, value }) => `${label}${op}${JSON.stringify(value)}`);
  if (more !== undefined) all.push(more);
  return `${name}${ending}${all.length === 0 ? '' : `{${all.join(',')}}`}`;
};

/** What Prometheus takes the readings of a window for, where `valid` leaves some of them out. */
const outsideNote = ({ valid }: GaugeReading): string[] =>
  valid === undefined ? [] : ['readings outside "valid" are judged there'];
/** Without `of`, more than one series is no reading here. */
const seriesNote = ({ of }: GaugeReading, combined: string): string[] =>
  of === undefined
    ? [`of several series, ${combined} is judged there; the gate asks for "of"`]
    : [];

type Windowed = { readonly windowMs: number; readonly minSamples: number };
type Parts = Pick<Expression, 'value' | 'guards' | 'notes'>;

const parts = (gate: GatePolicy, policy: WatchPolicy, options: ExportOptions): Parts => {
  const series = (metric: string, ms?: number, ending = '') =>
    seriesText(metric, options.selector, ending) +
    (ms === undefined ? '' : `[${promDuration(ms)}]`);
  const increase = (metric: string, ms: number, ending = '') =>
    `sum(increase(${series(metric, ms, ending)}))`;
  // Of several instances, the one that was read most often: theirs are the same polls.
  const readings = (metric: string, { windowMs, minSamples }: Windowed, ending = '') =>
    `max(count_over_time(${series(metric, windowMs, ending)})) >= ${minSamples}`;
  const scaled = (value: string, scale: number) => (scale === 1 ? value : `${scale} * ${value}`);
  const health = options.health ?? 'up';
  // Of several instances, the one that is farthest.
  const worst = gate.below ? 'min' : 'max';
  const extrapolated =
    'increase() extrapolates to the window and knows no start of a watch: what the old release did counts until it has left the window';
  const unweighted =
    'each scrape weighs the same, whatever time it stands for, and so does the newest: it may break a poll sooner';
  const events = (
    gateEvents: { counter: string; optional: boolean } | null,
    ms: number,
    least: number,
  ) =>
    gateEvents === null
      ? []
      : gateEvents.optional
        ? [
            `(${increase(gateEvents.counter, ms)} >= ${least} or absent(${series(gateEvents.counter)}))`,
          ]
        : [`${increase(gateEvents.counter, ms)} >= ${least}`];

  switch (gate.kind) {
    case 'consecutive': {
      const checks = Math.floor(gate.threshold) + 1;
      // One scrape at most a cadence apart, n of them: anything shorter could hold fewer.
      const windowMs = checks * policy.cadence.normalMs;
      return {
        value: `(1 - max(max_over_time(${series(health, windowMs)}))) * ${checks}`,
        guards: [`min(count_over_time(${series(health, windowMs)})) >= ${checks}`],
        notes: [
          `counts no checks: it asks that all of them in ${promDuration(windowMs)} (${checks} polls at the normal cadence) were not OK, slower than the gate while polls are closer`,
        ],
      };
    }
    case 'share': {
      const checks = `sum(count_over_time(${series(health, gate.windowMs)}))`;
      return {
        // Counted before it is divided: a share that is exactly the limit does not break.
        value: `100 * (${checks} - sum(sum_over_time(${series(health, gate.windowMs)}))) / ${checks}`,
        guards: [`${checks} >= ${gate.minSamples}`],
        notes: [],
      };
    }
    case 'restarts':
      return {
        value: `max(changes(${series('process_start_time_seconds', gate.windowMs)}))`,
        guards: [readings('process_start_time_seconds', gate)],
        notes: [],
      };
    case 'level': {
      const { min, max } = gate.valid ?? {};
      const valid = `${min === undefined ? '' : ` >= ${min}`}${max === undefined ? '' : ` <= ${max}`}`;
      return {
        value: scaled(`${gate.of ?? worst}(${series(gate.gauge)}${valid})`, gate.scale),
        guards: [],
        notes: seriesNote(gate, worst),
      };
    }
    case 'ratio': {
      if (gate.source === 'gauge')
        return {
          value: scaled(
            `${gate.of ?? 'avg'}(avg_over_time(${series(gate.rate, gate.windowMs)}))`,
            gate.scale,
          ),
          guards: [
            readings(gate.rate, gate),
            ...events(gate.events, gate.windowMs, gate.minEvents),
          ],
          notes: [unweighted, ...outsideNote(gate), ...seriesNote(gate, 'avg')],
        };
      const [bad, total] = [increase(gate.bad, gate.windowMs), increase(gate.total, gate.windowMs)];
      return {
        value:
          gate.confidence === null
            ? `100 * ${bad} / ${total}`
            : wilson(bad, total, normalQuantile(gate.confidence), gate.below ? '+' : '-'),
        guards: [
          readings(gate.total, gate),
          `${total} ${gate.minEvents > 0 ? `>= ${gate.minEvents}` : '> 0'}`,
        ],
        notes: [
          extrapolated,
          'the plain share over the whole watch is not judged at an end, since there is none',
          ...(gate.confidence === null
            ? []
            : [
                'at few events the gate asks for more, by how often the whole watch looks; this may fire before it',
              ]),
        ],
      };
    }
    case 'quantile':
      return gate.source === 'histogram'
        ? {
            value: scaled(
              `histogram_quantile(${gate.q}, sum by (le) (increase(${series(gate.histogram, gate.windowMs, '_bucket')})))`,
              gate.scale,
            ),
            guards: [
              readings(gate.histogram, gate, '_count'),
              `${increase(gate.histogram, gate.windowMs, '_count')} >= ${gate.minEvents}`,
            ],
            notes: [extrapolated],
          }
        : {
            value: scaled(
              `${gate.of ?? worst}(quantile_over_time(0.5, ${series(gate.gauge, gate.windowMs)}))`,
              gate.scale,
            ),
            guards: [
              readings(gate.gauge, gate),
              ...events(gate.events, gate.windowMs, gate.minEvents),
            ],
            notes: [unweighted, ...outsideNote(gate), ...seriesNote(gate, worst)],
          };
    default:
      return { value: '', guards: [], notes: [] };
  }
};

const whyNot = (gate: GatePolicy): string | null => {
  if (gate.kind === 'compare') return 'a rank test against a baseline';
  if (gate.relative !== null) return 'a limit relative to a baseline';
  if (gate.kind === 'consecutive' && gate.below) return 'a streak that breaks below its threshold';
  if (gate.kind === 'consecutive' && gate.streak.of > 1) return 'n of m of a streak';
  const odd = metricsOfGate(gate)
    .map(({ text }) => parseSelector(text).name)
    .find((name) => !metricName.test(name));
  return odd === undefined ? null : `${JSON.stringify(odd)} is no name of a Prometheus metric`;
};

/** What no query says, whatever the gate's kind. */
const alwaysWeaker = (gate: GatePolicy, { health }: WatchPolicy): string[] => [
  ...(gate.noData.then === 'break'
    ? ['no data is a break of the gate; here it is none, since there is nothing to compare']
    : []),
  ...(health.control !== null && (gate.kind === 'consecutive' || gate.kind === 'share')
    ? [
        `knows no control check: a check that fails while ${health.control} fails too counts as not OK`,
      ]
    : []),
];

/** Where there is nothing to judge, there is no value either. */
export const guarded = (value: string, guards: readonly string[]): string =>
  [value, ...guards.map((guard) => `(${guard})`)].join(' and on() ');

/** n of the newest m evaluations, a normal cadence apart. */
const repeated = (found: Expression, policy: WatchPolicy): Expression => {
  const { need, of } = found.gate.streak;
  if (of === 1) return found;
  const step = promDuration(policy.cadence.normalMs);
  // Prometheus 2 counts a window's left end in, 3 does not: 1 ms less holds `of` steps in both.
  const range = promDuration(of * policy.cadence.normalMs - 1);
  const beyond = `(${found.value}) ${found.operator} bool ${found.limit}`;
  return {
    ...found,
    value: `sum_over_time((${guarded(beyond, found.guards)})[${range}:${step}])`,
    guards: [],
    operator: '>',
    limit: need - 1,
    notes: [...found.notes, `${need} of ${of} evaluations ${step} apart, not polls`],
  };
};

/** Every gate in PromQL, and those that can't be. */
export const expressions = (
  policy: WatchPolicy,
  options: ExportOptions,
): { readonly found: readonly Expression[]; readonly inexpressible: readonly Inexpressible[] } => {
  const found: Expression[] = [];
  const inexpressible: Inexpressible[] = [];
  for (const [name, gate] of Object.entries(policy.gates)) {
    const why = whyNot(gate);
    if (why !== null) {
      inexpressible.push({ name, why });
      continue;
    }
    const operator = gate.below ? '<' : '>';
    const said = parts(gate, policy, options);
    const notes = [...said.notes, ...alwaysWeaker(gate, policy)];
    const own = { name, gate, operator, limit: gate.threshold, ...said, notes } as const;
    found.push(repeated(own, policy));
  }
  return { found, inexpressible };
};
