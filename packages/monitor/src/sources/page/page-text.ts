import { MonitorError } from '../../errors.ts';

/** A page and the place that its reader has come to. */
export interface Cursor {
  readonly text: string;
  at: number;
}

const letter = 1;
const colon = 2;
const digit = 4;
const kindOf = new Uint8Array(128);
for (let code = 0; code < 128; code++) {
  if (/[a-zA-Z_]/.test(String.fromCharCode(code))) kindOf[code] = letter;
  else if (code === 58) kindOf[code] = colon;
  else if (/[0-9]/.test(String.fromCharCode(code))) kindOf[code] = digit;
}

const skip = (cursor: Cursor, kinds: number): void => {
  const { text } = cursor;
  let { at } = cursor;
  while (((kindOf[text.charCodeAt(at)] ?? 0) & kinds) !== 0) at += 1;
  cursor.at = at;
};

const begins = ({ text, at }: Cursor, kinds: number): boolean =>
  ((kindOf[text.charCodeAt(at)] ?? 0) & kinds) !== 0;

/** Goes behind a metric's name; false where there is none. */
export const skipMetricName = (cursor: Cursor): boolean => {
  if (!begins(cursor, letter | colon)) return false;
  skip(cursor, letter | colon | digit);
  return true;
};

/** Goes behind a label's name; false where there is none. */
export const skipLabelName = (cursor: Cursor): boolean => {
  if (!begins(cursor, letter)) return false;
  skip(cursor, letter | digit);
  return true;
};

/** Goes behind blanks and tabs. */
export const skipBlanks = (cursor: Cursor): void => {
  const { text } = cursor;
  let { at } = cursor;
  for (let code = text.charCodeAt(at); code === 32 || code === 9; code = text.charCodeAt(at))
    at += 1;
  cursor.at = at;
};

/** Goes to the line feed that ends this line, or to the end of the page. */
export const skipLine = (cursor: Cursor): void => {
  const end = cursor.text.indexOf('\n', cursor.at);
  cursor.at = end === -1 ? cursor.text.length : end;
};

/**
 * Goes behind a text in quotes. A backslash takes the character after it along, whatever it is but a line feed.
 * @returns `null` where there is no such text here; else whether a backslash is in it
 */
export const skipQuoted = (
  cursor: Cursor,
  lines: 'one-line' | 'may-span-lines',
): 'plain' | 'escaped' | null => {
  const { text } = cursor;
  let { at } = cursor;
  if (text.charCodeAt(at) !== 34) return null;
  let found: 'plain' | 'escaped' = 'plain';
  for (at += 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 34) {
      cursor.at = at + 1;
      return found;
    }
    if (code === 10 && lines === 'one-line') return null;
    if (code !== 92) continue;
    found = 'escaped';
    at += 1;
    if (text.charCodeAt(at) === 10) return null;
  }
  return null;
};

/** Takes what stands up to a blank, a tab, a line feed or an opening brace, which may be nothing. */
export const takeWord = (cursor: Cursor, stops: 'blank' | 'blank-tab-brace'): string => {
  const { text, at } = cursor;
  let end = at;
  for (; end < text.length; end++) {
    const code = text.charCodeAt(end);
    if (code === 32 || code === 10) break;
    if (stops === 'blank-tab-brace' && (code === 9 || code === 123)) break;
  }
  cursor.at = end;
  return text.slice(at, end);
};

/** Text out of a page for a message: one line, short also where each character is escaped. */
const excerpt = (text: string): string => {
  const quoted = JSON.stringify(text);
  return quoted.length > 120 ? `${quoted.slice(0, 120)}…` : quoted;
};

/** From 1. */
export const lineOf = (text: string, at: number): number => {
  let line = 1;
  for (let feed = text.indexOf('\n'); feed !== -1 && feed < at; feed = text.indexOf('\n', feed + 1))
    line += 1;
  return line;
};

/** @throws MonitorError `bad-metrics`, always: the page is void, as it is for Prometheus. */
export const refusePage = (cursor: Cursor, format: string, expected: string): never => {
  const { text, at } = cursor;
  const line = lineOf(text, at);
  const start = text.lastIndexOf('\n', at - 1) + 1;
  const end = text.indexOf('\n', at);
  const got = excerpt(text.slice(start, Math.min(end === -1 ? text.length : end, start + 81)));
  throw new MonitorError(
    'bad-metrics',
    `${format}, line ${line}: expected ${expected}, got ${got}`,
    { line },
  );
};
