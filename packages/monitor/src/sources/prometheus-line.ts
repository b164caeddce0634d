import { MonitorError } from '../errors.ts';

/** One line of the text exposition format 0.0.4 (prometheus.io, "Exposition formats"). */
export type PrometheusLine =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'help'; readonly name: string }
  | { readonly kind: 'type'; readonly name: string; readonly type: MetricType }
  | {
      readonly kind: 'sample';
      readonly name: string;
      readonly labels: ReadonlyMap<string, string>;
      readonly value: number;
    };

const metricTypes = ['counter', 'gauge', 'histogram', 'summary', 'untyped'] as const;
export type MetricType = (typeof metricTypes)[number];

const metricName = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const comment = /^#[ \t]*(HELP|TYPE)(?:[ \t]+(\S+)(?:[ \t]+(.*))?)?[ \t]*$/;
const wholeName = new RegExp(`^${metricName}$`);
const nameHere = new RegExp(`(${metricName})[ \\t]*`, 'y');
const labelHere =
  /[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\]|\\["\\n])*)"[ \t]*([,}])/y;
const closeHere = /[ \t]*\}/y;
// A number as Go's ParseFloat writes them; the timestamp is ms since the epoch, and may be negative.
const endHere =
  /[ \t]*([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|[+-]?inf(?:inity)?|nan)(?:[ \t]+(-?\d+))?[ \t]*$/iy;

/** Text of a sample's value to a number; `NaN`, `+Inf`, `-Inf` included. */
const toNumber = (text: string): number => {
  const plain = text.toLowerCase().replace(/^\+/, '');
  if (plain === 'nan') return Number.NaN;
  if (plain.startsWith('inf')) return Number.POSITIVE_INFINITY;
  if (plain.startsWith('-inf')) return Number.NEGATIVE_INFINITY;
  return Number(plain);
};

const unescapeLabel = (text: string): string =>
  text.replace(/\\(["\\n])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));

/**
 * Reads one line, without its line feed.
 * @throws MonitorError `bad-metrics` that names the line number and what was expected.
 */
export const parsePrometheusLine = (line: string, number: number): PrometheusLine => {
  const fail = (expected: string): never => {
    const got = line.length > 80 ? `${line.slice(0, 80)}…` : line;
    throw new MonitorError(
      'bad-metrics',
      `Prometheus text, line ${number}: expected ${expected}, got ${JSON.stringify(got)}`,
      { line: number },
    );
  };
  const text = line.replace(/^[ \t]+/, '');
  if (text === '') return { kind: 'nothing' };
  if (text.startsWith('#')) return parseComment(text, fail);
  return parseSample(text, fail);
};

const parseComment = (text: string, fail: (expected: string) => never): PrometheusLine => {
  const [, keyword, name, rest] = comment.exec(text) ?? [];
  // A bare "# HELP" or "# TYPE name" says nothing, and Prometheus' own parser takes it for a comment.
  if (keyword === undefined || name === undefined) return { kind: 'nothing' };
  if (!wholeName.test(name)) return fail(`a metric name after ${keyword}`);
  if (keyword === 'HELP') return { kind: 'help', name };
  if (rest === undefined || rest === '') return { kind: 'nothing' };
  const type = metricTypes.find((known) => known === rest.trimEnd());
  return type === undefined
    ? fail(`one of ${metricTypes.join(', ')}`)
    : { kind: 'type', name, type };
};

const parseSample = (text: string, fail: (expected: string) => never): PrometheusLine => {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match !== null) at = pattern.lastIndex;
    return match;
  };
  const name = take(nameHere)?.[1] ?? fail('a metric name');
  const labels = new Map<string, string>();
  const hasLabels = text[at] === '{';
  if (hasLabels) {
    at += 1;
    while (take(closeHere) === null) {
      const [, label = '', value = '', end] = take(labelHere) ?? fail('name="value" in the labels');
      if (labels.has(label)) fail(`label ${label} once`);
      labels.set(label, unescapeLabel(value));
      if (end === '}') break;
    }
  } else if (!/[ \t]/.test(text[at - 1] ?? '')) {
    fail('a blank between name and value');
  }
  const value = take(endHere)?.[1] ?? fail('a number, and at most a timestamp after it');
  return { kind: 'sample', name, labels, value: toNumber(value) };
};
