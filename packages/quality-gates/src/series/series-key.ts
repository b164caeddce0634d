import { readQuoted, type Text } from './quoted.ts';

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

const none: Readonly<Record<string, string>> = {};

/** Name and labels of a key; a key that is no series' text is a name as a whole. */
export const parseSeriesKey = (key: string): Series => {
  const brace = key.indexOf('{');
  const bare = { name: key, labels: none };
  if (brace < 0 || !key.endsWith('}')) return bare;
  const labels: [string, string][] = [];
  const from: Text = { text: key, at: brace + 1 };
  while (from.at < key.length - 1) {
    const equals = key.indexOf('=', from.at);
    if (equals < 0) return bare;
    const label = key.slice(from.at, equals).trim();
    from.at = equals + 1;
    const value = readQuoted(from);
    if (value === null || label === '') return bare;
    labels.push([label, value]);
    if (key[from.at] === ',') from.at += 1;
    else if (from.at !== key.length - 1) return bare;
  }
  return { name: key.slice(0, brace), labels: Object.fromEntries(labels) };
};
