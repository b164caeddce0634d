/** A metric that a service's page showed. */
export interface MetricFound {
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Values seen of each label. */
  readonly labels: Readonly<Record<string, readonly string[]>>;
}

interface Starter {
  readonly name: string;
  readonly why: string;
  readonly lines: readonly string[];
}

/** Labels that hold an HTTP status, with values such as `500` and `5xx`. */
const statusLabels = [
  'code',
  'status',
  'status_code',
  'http_status_code',
  'http_response_status_code',
];
const isStatus = (value: string) => /^[1-5](\d\d|xx)$/i.test(value);
const failed = /_(?:errors|failures|failed|errored)(?:_total)?$/;
const durations =
  /_(?:duration|latency|time|response)s?(?:_(seconds|milliseconds|ms))?$|_(seconds)$/;

const errorsByStatus = ({ name, type, labels }: MetricFound): Starter | null => {
  if (type !== 'counter') return null;
  const label = statusLabels.find((each) => (labels[each] ?? []).some(isStatus));
  return label === undefined
    ? null
    : {
        name: 'errors',
        why: 'share of answers that are 5xx',
        lines: [
          'kind: ratio',
          `bad: '${name}{${label}=~"5.+"}'`,
          `total: ${name}`,
          'threshold: 5 # percent',
          'unit: percent',
          'timeWindow: 10m',
        ],
      };
};

/** A counter of failures beside the counter of everything: `x_failures_total` and `x_total`, `x_processed_total` … */
const errorsByName = (
  { name, type }: MetricFound,
  counters: ReadonlySet<string>,
): Starter | null => {
  if (type !== 'counter' || !failed.test(name)) return null;
  const stem = name.replace(failed, '');
  const total = ['requests_total', 'total', 'processed_total', 'handled_total']
    .map((end) => `${stem}_${end}`)
    .find((each) => counters.has(each));
  return total === undefined
    ? null
    : {
        name: 'errors',
        why: 'share that failed',
        lines: [
          'kind: ratio',
          `bad: ${name}`,
          `total: ${total}`,
          'threshold: 5 # percent',
          'unit: percent',
          'timeWindow: 10m',
        ],
      };
};

const slow = ({ name, type }: MetricFound): Starter | null => {
  const found = type === 'histogram' ? durations.exec(name) : null;
  if (found === null) return null;
  const isMs = found[1] === 'ms' || found[1] === 'milliseconds';
  return {
    name: 'slow',
    why: 'the 95th percentile of the new release alone',
    lines: [
      'kind: quantile',
      `histogram: ${name}`,
      'q: 0.95',
      ...(isMs ? [] : ['scale: 1000 # the histogram is in seconds']),
      'threshold: 2000 # what your users bear; must be a bound of a bucket or below the highest',
      'unit: ms',
      'timeWindow: 10m',
    ],
  };
};

const health: readonly Starter[] = [
  {
    name: 'healthFailures',
    why: 'more than two health checks in a row that are not OK',
    lines: ['threshold: 2'],
  },
];

/** At most one gate of a name: the first metric that fits has it. */
const startersOf = (metrics: readonly MetricFound[]): Starter[] => {
  const counters = new Set(
    metrics.filter(({ type }) => type === 'counter').map(({ name }) => name),
  );
  const found = [
    ...health,
    ...metrics.map(errorsByStatus),
    ...metrics.map((metric) => errorsByName(metric, counters)),
    ...metrics.map(slow),
  ].filter((each) => each !== null);
  return found.filter(({ name }, index) => found.findIndex((one) => one.name === name) === index);
};

const head = `# When a release is not good. Every gate begins with onBreak: advise: it judges and tells, and nothing is rolled back
# for it. After five good deploys this says which gates never raised a false alarm, and which line to change:
#
#   npx dhash-rollout gates scorecard
#
# To arm a gate, change its "onBreak: advise" to "onBreak: rollback". What each gate does, in sentences:
#
#   npx dhash-rollout gates check --live
`;

const indent = (lines: readonly string[], by: number) =>
  lines.map((line) => `${' '.repeat(by)}${line}`);

/**
 * The first gates file of a service, as commented YAML: health, and what its metrics page shows that a gate can judge. No gate
 * in it acts.
 *
 * @param environments at least one
 */
export const starterGates = (
  environments: readonly string[],
  metrics: readonly MetricFound[],
): string => {
  const starters = startersOf(metrics).flatMap(({ name, why, lines }) => [
    ...indent([`# ${why}`, `${name}:`], 6),
    ...indent([...lines, 'onBreak: advise'], 8),
  ]);
  const each = environments.flatMap((environment) => [
    ...indent([`${environment}:`], 2),
    ...indent(['duration: 60 # minutes', 'qualityGates:'], 4),
    ...starters,
  ]);
  return `${head}environments:\n${each.join('\n')}\n`;
};
