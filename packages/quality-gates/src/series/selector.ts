import { GatesError } from '../errors.ts';
import { readQuoted, type Text } from './quoted.ts';

/** A label's name and what its value must be, as Prometheus has it: `=`, `!=`, `=~`, `!~`. */
export type LabelMatcher = {
  readonly label: string;
  readonly op: '=' | '!=' | '=~' | '!~';
  readonly value: string;
};

/** A metric's name and matchers of its labels: `http_requests_total{code=~"5..",route!="/health"}`. */
export type Selector = {
  readonly name: string;
  readonly matchers: readonly LabelMatcher[];
};

/** What reading a selector gave: the selector, or why there is none. */
export type SelectorResult =
  | { readonly kind: 'read'; readonly selector: Selector }
  | { readonly kind: 'broken'; readonly message: string };

const isBlank = (char: string | undefined) => char === ' ' || char === '\t' || char === '\n';
const skipBlanks = (from: Text): void => {
  while (isBlank(from.text[from.at])) from.at += 1;
};
const labelStart = /[a-zA-Z_]/;
const labelRest = /[a-zA-Z0-9_]/;
const operators = ['=~', '!~', '!=', '='] as const;

const readLabel = (from: Text): string | null => {
  const begin = from.at;
  if (!labelStart.test(from.text[from.at] ?? '')) return null;
  while (labelRest.test(from.text[from.at] ?? '')) from.at += 1;
  return from.text.slice(begin, from.at);
};

const patterns = new Map<string, RegExp>();
/** Enough for every policy of a run; a program that makes up patterns without end starts anew. */
const mostPatterns = 1000;

/** RE2 has neither; a pattern with one would be refused by Prometheus. */
const foreign = /\(\?<?[=!]|\\[1-9]|\(\?>/;

const compile = (pattern: string): RegExp | null => {
  // RE2 takes flags in front of the whole pattern; the dot matches line feeds there anyway.
  const [, flags = '', rest = pattern] = /^\(\?([ism]+)\)(.*)$/s.exec(pattern) ?? [];
  const body = `^(?:${rest})$`;
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(body, [...new Set(`s${flags}${unicode}`)].join(''));
    } catch {
      // An escape that only the other mode knows, or no pattern at all: decided after both.
    }
  }
  return null;
};

/** The pattern as Prometheus reads it: anchored at both ends. `null`: it is none. */
const patternOf = (pattern: string): RegExp | null => {
  const known = patterns.get(pattern);
  if (known !== undefined) return known;
  const made = foreign.test(pattern) ? null : compile(pattern);
  if (made === null) return null;
  if (patterns.size >= mostPatterns) patterns.clear();
  patterns.set(pattern, made);
  return made;
};

type Matched =
  | { readonly matcher: LabelMatcher }
  | { readonly name: string }
  | { readonly message: string };

const readMatcher = (from: Text): Matched => {
  if (from.text[from.at] === '"' || from.text[from.at] === "'") {
    // Prometheus 3 writes a name with odd characters so: {"http.requests"}.
    const name = readQuoted(from);
    return name === null ? { message: 'a quoted name has no end' } : { name };
  }
  const label = readLabel(from);
  if (label === null)
    return { message: `expected the name of a label at "${from.text.slice(from.at)}"` };
  skipBlanks(from);
  const op = operators.find((known) => from.text.startsWith(known, from.at));
  if (op === undefined) return { message: `expected =, !=, =~ or !~ after ${label}` };
  from.at += op.length;
  skipBlanks(from);
  const value = readQuoted(from);
  if (value === null) return { message: `expected a text in quotes after ${label}${op}` };
  if (op.endsWith('~') && patternOf(value) === null)
    return { message: `${label}${op}"${value}" is no regular expression that Prometheus takes` };
  return label === '__name__' && op === '=' ? { name: value } : { matcher: { label, op, value } };
};

/** Reads a selector. The name may be any text without blanks and braces: JSON has names of its own. */
export const readSelector = (text: string): SelectorResult => {
  const broken = (message: string): SelectorResult => ({ kind: 'broken', message });
  const brace = text.indexOf('{');
  let name = (brace < 0 ? text : text.slice(0, brace)).trim();
  if (/[\s}]/.test(name)) return broken('a name has no blanks and no braces');
  if (brace < 0)
    return name === ''
      ? broken('names no metric')
      : { kind: 'read', selector: { name, matchers: [] } };
  const matchers: LabelMatcher[] = [];
  const from: Text = { text, at: brace + 1 };
  skipBlanks(from);
  while (from.text[from.at] !== '}') {
    const found = readMatcher(from);
    if ('message' in found) return broken(found.message);
    if ('matcher' in found) matchers.push(found.matcher);
    else if (name === '') name = found.name;
    else return broken('names two metrics');
    skipBlanks(from);
    if (from.text[from.at] === ',') from.at += 1;
    else if (from.text[from.at] !== '}') return broken('expected , or } after a matcher');
    skipBlanks(from);
  }
  if (text.slice(from.at + 1).trim() !== '')
    return broken('nothing may follow the }: no range, no offset, no function');
  return name === '' ? broken('names no metric') : { kind: 'read', selector: { name, matchers } };
};

/**
 * Reads a selector in Prometheus' own syntax: a name, and matchers of labels in braces.
 * @throws GatesError `bad-selector`, which says what was expected where.
 */
export const parseSelector = (text: string): Selector => {
  const result = readSelector(text);
  if (result.kind === 'read') return result.selector;
  throw new GatesError(
    'bad-selector',
    `${JSON.stringify(text)} is no selector: ${result.message}; write it as name{label="value"}`,
  );
};

const matches = ({ op, value }: LabelMatcher, label: string): boolean => {
  switch (op) {
    case '=':
      return label === value;
    case '!=':
      return label !== value;
    case '=~':
      return patternOf(value)?.test(label) ?? false;
    case '!~':
      return !(patternOf(value)?.test(label) ?? false);
  }
};

/**
 * Whether labels (without the name) are selected. A label that is not there is an empty one, as in
 * Prometheus: `code!="200"` takes a series without `code`.
 */
export const selectorMatches = (
  selector: Selector,
  labels: Readonly<Record<string, string>>,
): boolean =>
  selector.matchers.every((matcher) =>
    matches(
      matcher,
      Object.hasOwn(labels, matcher.label) ? (labels[matcher.label] as string) : '', // own
    ),
  );
