import { GatesError } from '../errors.ts';
import { quotedPattern, unquoted } from './quoted.ts';

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

const patterns = new Map<string, RegExp | null>();
/** Enough for every policy of a run; a program that makes up patterns without end starts anew. */
const mostPatterns = 1000;

/** RE2 has neither; a pattern with one would be refused by Prometheus. */
const foreign = /\(\?<?[=!]|\\[1-9]|\(\?>/;

const compile = (pattern: string): RegExp | null => {
  if (foreign.test(pattern)) return null;
  // RE2 takes flags in front of the whole pattern; the dot matches line feeds there anyway.
  const [, flags = '', rest = pattern] = /^\(\?([ism]+)\)(.*)$/s.exec(pattern) ?? [];
  for (const unicode of ['u', '']) {
    try {
      return new RegExp(`^(?:${rest})$`, [...new Set(`s${flags}${unicode}`)].join(''));
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
  const made = compile(pattern);
  if (patterns.size >= mostPatterns) patterns.clear();
  patterns.set(pattern, made);
  return made;
};

/** A matcher and what follows it; a name alone, in quotes, is the metric's (Prometheus 3). */
const matcherPattern = new RegExp(
  `\\s*(?:([a-zA-Z_]\\w*)\\s*(=~|!~|!=|=)\\s*)?(${quotedPattern})\\s*(?:,\\s*|(?=\\}))`,
  'y',
);

/** Reads a selector. The name may be any text without blanks and braces: JSON has names of its own. */
export const readSelector = (text: string): SelectorResult => {
  const broken = (message: string): SelectorResult => ({ kind: 'broken', message });
  const brace = text.indexOf('{');
  const names = brace < 0 ? [text] : [text.slice(0, brace).trimEnd()];
  if (/[\s}]/.test(names[0] ?? '')) return broken('a name has no blanks and no braces');
  const matchers: LabelMatcher[] = [];
  if (brace >= 0) {
    let at = brace + 1 + (/^\s*/.exec(text.slice(brace + 1))?.[0].length ?? 0);
    while (text[at] !== '}') {
      matcherPattern.lastIndex = at;
      const found = matcherPattern.exec(text);
      if (found === null)
        return broken(
          `expected label="value" and then , or } at ${JSON.stringify(text.slice(at))}`,
        );
      const [all, label = '__name__', op = '=', quoted = ''] = found;
      const value = unquoted(quoted);
      if (op.endsWith('~') && patternOf(value) === null)
        return broken(`${label}${op}${quoted} is no regular expression that Prometheus takes`);
      if (label === '__name__' && op === '=') names.push(value);
      // One of the four, by the pattern.
      else matchers.push({ label, op: op as LabelMatcher['op'], value });
      at += all.length;
    }
    if (text.slice(at + 1).trim() !== '')
      return broken('nothing may follow the }: no range, no offset, no function');
  }
  const [name, second] = names.filter((each) => each !== '');
  if (name === undefined) return broken('names no metric');
  return second === undefined
    ? { kind: 'read', selector: { name, matchers } }
    : broken('names two metrics');
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

const matches = ({ op, value }: LabelMatcher, label: string): boolean =>
  (op.endsWith('~') ? (patternOf(value)?.test(label) ?? false) : label === value) !==
  op.startsWith('!');

/**
 * Whether labels (without the name) are selected. A label that is not there is an empty one, as in
 * Prometheus: `code!="200"` takes a series without `code`.
 */
export const selectorMatches = (
  selector: Selector,
  labels: Readonly<Record<string, string>>,
): boolean =>
  selector.matchers.every((matcher) =>
    matches(matcher, Object.hasOwn(labels, matcher.label) ? (labels[matcher.label] ?? '') : ''),
  );
