/** A gate for somebody to look at. */
export interface ProposedGate {
  readonly name: string;
  /** Why it stands there: what on the page it was made from. */
  readonly because: string;
  /** As it is written, in YAML's short form. */
  readonly yaml: string;
}

interface Family {
  /** As declared; `null`: it is not. */
  readonly type: string | null;
  /** Values seen of each label. */
  readonly labels: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Names on a page of Prometheus' text format. */
const familiesOf = (page: string): Map<string, Family> => {
  const types = new Map<string, string>();
  const labels = new Map<string, Map<string, Set<string>>>();
  for (const line of page.split('\n')) {
    const [, typed, type] = /^# TYPE (\S+) (\S+)/.exec(line) ?? [];
    if (typed !== undefined && type !== undefined) types.set(typed, type);
    const [, name, inside = ''] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s/.exec(line) ?? [];
    if (name === undefined) continue;
    const found = labels.get(name) ?? new Map<string, Set<string>>();
    for (const [, label = '', value = ''] of inside.matchAll(/([A-Za-z_]\w*)="([^"]*)"/g))
      found.set(label, (found.get(label) ?? new Set()).add(value));
    labels.set(name, found);
  }
  const all = new Set([...types.keys(), ...labels.keys()]);
  return new Map(
    [...all].map((name) => [
      name,
      { type: types.get(name) ?? null, labels: labels.get(name) ?? new Map() },
    ]),
  );
};

/** `NAME_errors_total` beside `NAME_requests_total`, or `NAME_total`: what failed, and of how much. */
const errorPair = (names: readonly string[]): [string, string] | null => {
  for (const bad of names) {
    const [, before, end = ''] = /^(.*?)_?(?:errors?|failures?|failed)(_total)?$/.exec(bad) ?? [];
    if (before === undefined || before === '') continue;
    const total = ['_requests', '_processed', '_jobs', '', '_handled'].map(
      (what) => `${before}${what}${end}`,
    );
    const found = total.find((name) => names.includes(name) && name !== bad);
    if (found !== undefined) return [bad, found];
  }
  return null;
};

/** Labels that hold an HTTP status, with values such as `500` and `5xx`. */
const statusLabels = [
  'code',
  'status',
  'status_code',
  'http_status',
  'http_status_code',
  'http_response_status_code',
];
const isStatus = (value: string): boolean => /^[1-5](\d\d|xx)$/i.test(value);

/** The label by which an answer is told from a failed one; `null` where it counts something else. */
const statusLabel = ({ type, labels }: Family): string | null =>
  type === 'counter' || type === null
    ? (statusLabels.find((label) => [...(labels.get(label) ?? [])].some(isStatus)) ?? null)
    : null;

const errors = (families: ReadonlyMap<string, Family>): ProposedGate[] => {
  const own = [...families.keys()].filter((name) => !/^(process|python|go|nodejs)_/.test(name));
  const byStatus = own.flatMap((name) => {
    const family = families.get(name);
    const label = family === undefined ? null : statusLabel(family);
    return label === null ? [] : [{ name, label }];
  })[0];
  if (byStatus !== undefined) {
    const { name, label } = byStatus;
    return [
      {
        name: 'errors',
        because: `${name} has the label ${label}: answers of 500 and above`,
        yaml: `{ kind: ratio, bad: '${name}{${label}=~"5.."}', total: ${name}, threshold: 5, unit: percent, timeWindow: 5m }`,
      },
    ];
  }
  const pair = errorPair(own);
  if (pair === null) return [];
  const [bad, total] = pair;
  return [
    {
      name: 'errors',
      because: `${bad} counts what failed of ${total}`,
      yaml: `{ kind: ratio, bad: ${bad}, total: ${total}, threshold: 5, unit: percent, timeWindow: 5m }`,
    },
  ];
};

/** What takes how long: `request_duration_seconds`, `latency_ms`. */
const durations = /(?:duration|latency|time).*_(seconds|milliseconds|ms)$/;

const latency = (families: ReadonlyMap<string, Family>): ProposedGate[] =>
  [...families]
    .flatMap(([name, { type }]) => {
      const unit = type === 'histogram' ? durations.exec(name)?.[1] : undefined;
      return unit === undefined ? [] : [{ name, scale: unit === 'seconds' ? ' scale: 1000,' : '' }];
    })
    .slice(0, 1)
    .map(({ name, scale }) => ({
      name: 'latency',
      because: `${name} is a histogram of times; the threshold is a guess: gates tune proposes one from good watches`,
      yaml: `{ kind: quantile, histogram: ${name},${scale} q: 0.95, threshold: 1000, unit: ms, timeWindow: 5m }`,
    }));

const queue = (families: ReadonlyMap<string, Family>): ProposedGate[] =>
  [...families]
    .filter(
      ([name, { type, labels }]) =>
        type === 'gauge' && labels.size === 0 && /(queue|backlog|pending)/.test(name),
    )
    .slice(0, 1)
    .map(([name]) => ({
      name: 'queue',
      because: `${name} is what waits; the threshold is a guess`,
      yaml: `{ kind: level, gauge: ${name}, threshold: 1000 }`,
    }));

/** Gates for the metrics that a page shows: failed answers, how long they take, what waits. Pure. */
export const proposeGates = (page: string | null): ProposedGate[] => {
  if (page === null) return [];
  const families = familiesOf(page);
  return [...errors(families), ...latency(families), ...queue(families)];
};

/** `gates.yaml` for an environment: it advises and never acts, until somebody trusts it. Pure. */
export const gatesYaml = (env: string, gates: readonly ProposedGate[]): string =>
  [
    '# When a release is taken for bad. In sentences: npx dhash-rollout gates check --live',
    'environments:',
    `  ${env}:`,
    '    # How long a release is watched, minutes.',
    '    duration: 30',
    '    # A broken gate is told, and nothing is done. After five good deploys this says which gates never raised a',
    '    # false alarm, and which line arms them (onBreak: rollback): npx dhash-rollout gates scorecard',
    '    onBreak: advise',
    '    qualityGates:',
    '      # Breaks on the 3rd check in a row that is not OK.',
    '      healthFailures: { threshold: 2 }',
    ...gates.flatMap(({ name, because, yaml }) => [`      # ${because}`, `      ${name}: ${yaml}`]),
    ...(gates.length === 0
      ? ['      # No page of metrics was found with anything to judge: health alone is watched.']
      : []),
    '',
  ].join('\n');
