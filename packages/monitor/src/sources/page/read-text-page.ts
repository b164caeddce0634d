import { parseGoFloat } from './go-float.ts';
import type { PageText, PageVisitor } from './page.ts';
import {
  type Cursor,
  refusePage,
  skipBlanks,
  skipLine,
  skipMetricName,
  takeWord,
} from './page-text.ts';
import { forgetPlaces, isOversized, labelsAt, noPlaces, repeatedLabel } from './series-labels.ts';
import { takeLabel } from './take-label.ts';

/*
 * Why our own: the npm packages that read this format (parse-prometheus-text-format 1.1.1,
 * exposition, prom2json-se and forks) are unattended and neither as strict nor as lenient as
 * Prometheus, which is what a team tries its page on. What is taken and what is refused here was
 * found by asking a real one (test/system/prometheus-takes.test.ts).
 */

const types = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);
const feed = 10;
const isBlank = (code: number): boolean => code === 32 || code === 9;

/** Prometheus passes over bytes 0 within and behind the word. */
const keywords = {
  HELP: /H\0*E\0*L\0*P\0*(?=[ \t])/y,
  TYPE: /T\0*Y\0*P\0*E\0*(?=[ \t])/y,
} as const;

/** The largest timestamp: an int64. */
const latest = '9223372036854775807';

/** Digits to ms, or `null` where they are too many. */
const toTimestamp = (digits: string): number | null => {
  const plain = digits.replace(/^0+/, '');
  const fits = plain.length < latest.length || (plain.length === latest.length && plain <= latest);
  return fits ? Number(plain) : null;
};

/**
 * Reads a page of the text exposition format 0.0.4 as Prometheus 2.42 does.
 * @throws MonitorError `bad-metrics`, naming the line: what Prometheus refuses, it refuses whole.
 */
export const readTextPage = ({ text, unit, decode }: PageText, visitor: PageVisitor): void => {
  const isCut = text !== '' && !text.endsWith('\n');
  const cursor: Cursor = { text: isCut ? `${text}\n` : text, at: 0 };
  const page = cursor.text;
  const refuse = (expected: string): never => refusePage(cursor, 'Prometheus text', expected);
  const labels = noPlaces();
  const rules = { style: 'text', decode, refuse } as const;

  /** Behind the keyword; bytes 0 between the blanks are passed over too. */
  const takeMeta = (keyword: 'HELP' | 'TYPE') => {
    for (let code = page.charCodeAt(cursor.at); isBlank(code) || code === 0; )
      code = page.charCodeAt(++cursor.at);
    const nameStart = cursor.at;
    if (!skipMetricName(cursor)) refuse(`a metric name after ${keyword}`);
    const name = page.slice(nameStart, cursor.at);
    const restStart = cursor.at;
    if (page.charCodeAt(restStart) === 0) refuse(`a blank after ${keyword} ${name}`);
    skipLine(cursor);
    const rest = page.slice(restStart, cursor.at);
    // One blank is between the name and the text, and any other there belongs to the text.
    const said = rest.trim() === '' ? '' : rest.slice(1);
    if (keyword === 'TYPE' && !types.has(said)) {
      cursor.at = restStart;
      refuse(`one of ${[...types].join(', ')}, after one blank`);
    }
    // Prometheus takes the byte after the name for the blank: of a longer character the rest is no text.
    const isSplit = unit === 'character' && rest.charCodeAt(0) > 127;
    if (keyword === 'HELP' && (isSplit || decode(said) === null)) refuse('a HELP in UTF-8');
    visitor.declared(name, keyword === 'TYPE' ? said : null);
  };
  /** `ended`: a byte 0 ends the page here, for Prometheus too. */
  const takeComment = (): 'ended' | 'read' => {
    const start = cursor.at;
    cursor.at += 1;
    if (isBlank(page.charCodeAt(cursor.at))) {
      skipBlanks(cursor);
      for (const keyword of ['HELP', 'TYPE'] as const) {
        const pattern = keywords[keyword];
        pattern.lastIndex = cursor.at;
        if (!pattern.test(page)) continue;
        cursor.at = pattern.lastIndex;
        takeMeta(keyword);
        return 'read';
      }
      const isEnd = page.charCodeAt(cursor.at) === 0;
      skipLine(cursor);
      return isEnd ? 'ended' : 'read';
    }
    skipLine(cursor);
    return page.slice(start, cursor.at).includes('\0') ? 'ended' : 'read';
  };
  const takeLabels = () => {
    cursor.at += 1;
    for (;;) {
      skipBlanks(cursor);
      if (page[cursor.at] === '}') break;
      takeLabel(cursor, labels, rules);
      skipBlanks(cursor);
      // The comma may be missing, and may stand behind the last one.
      if (page[cursor.at] === ',') cursor.at += 1;
    }
    cursor.at += 1;
    const twice = isOversized(labels) ? null : repeatedLabel(cursor, labels);
    if (twice !== null) refuse(`label ${twice} once`);
  };
  const takeTimestamp = (): number | null => {
    skipBlanks(cursor);
    if (page.charCodeAt(cursor.at) === feed) return null;
    const start = cursor.at;
    const digits = takeWord(cursor, 'blank-tab-brace');
    if (!/^\d+$/.test(digits)) {
      cursor.at = start;
      refuse('the end of the line, or a timestamp of digits');
    }
    skipBlanks(cursor);
    if (page.charCodeAt(cursor.at) !== feed) refuse('the end of the line after the timestamp');
    return toTimestamp(digits) ?? refuse('a timestamp of 64 bits');
  };
  const takeSeries = (lineStart: number) => {
    const nameStart = cursor.at;
    if (nameStart !== lineStart) refuse('no blank before the name');
    if (!skipMetricName(cursor)) refuse('a metric name');
    const name = page.slice(nameStart, cursor.at);
    forgetPlaces(labels);
    skipBlanks(cursor);
    if (page[cursor.at] === '{') {
      takeLabels();
      skipBlanks(cursor);
    }
    const valueStart = cursor.at;
    const value = parseGoFloat(takeWord(cursor, 'blank-tab-brace'));
    if (value === null) {
      cursor.at = valueStart;
      refuse('a number');
    }
    const timestampMs = takeTimestamp();
    const isLast = isCut && cursor.at === page.length - 1;
    if (value === null || (!visitor.wants(name) && !isLast)) return;
    if (isOversized(labels)) return visitor.oversized(name, nameStart);
    visitor.series({
      name,
      labels: labelsAt(cursor, labels, decode),
      value,
      timestampMs,
      at: nameStart,
      isCut: isLast,
    });
  };

  while (cursor.at < page.length) {
    const lineStart = cursor.at;
    skipBlanks(cursor);
    const code = page.charCodeAt(cursor.at);
    if (code === 0) return;
    if (code === 35) {
      if (takeComment() === 'ended') return;
    } else if (code !== feed) {
      takeSeries(lineStart);
    }
    cursor.at += 1;
  }
};
