import { quotedPattern, unquoted } from './quoted.ts';

/** A series: its metric's name and its labels. */
export type Series = { readonly name: string; readonly labels: Readonly<Record<string, string>> };

const escaped = (value: string): string =>
  value.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));

/**
 * The key of a series in a sample: Prometheus' own text with the labels sorted by name, the bare name
 * where there are none: `http_requests_total{code="500",route="/hash"}`. An empty label is none.
 */
export const seriesKey = (name: string, labels: Readonly<Record<string, string>>): string => {
  const parts: string[] = [];
  for (const label of Object.keys(labels).sort()) {
    const value = labels[label];
    if (value !== undefined && value !== '') parts.push(`${label}="${escaped(value)}"`);
  }
  return parts.length === 0 ? name : `${name}{${parts.join(',')}}`;
};

const labelPattern = new RegExp(`([^{},="]+)=(${quotedPattern})(?:,|(?=\\}$))`, 'y');

/** Name and labels of a key; a key that is no series' text is a name as a whole. */
export const parseSeriesKey = (key: string): Series => {
  const brace = key.indexOf('{');
  const bare = { name: key, labels: {} };
  if (brace < 0 || !key.endsWith('}')) return bare;
  const labels: [string, string][] = [];
  for (let at = brace + 1; at < key.length - 1; ) {
    labelPattern.lastIndex = at;
    const [all, label = '', quoted = ''] = labelPattern.exec(key) ?? [];
    if (all === undefined) return bare;
    labels.push([label.trim(), unquoted(quoted)]);
    at += all.length;
  }
  return { name: key.slice(0, brace), labels: Object.fromEntries(labels) };
};
