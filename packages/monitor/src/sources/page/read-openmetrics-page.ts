import { parseGoFloat } from './go-float.ts';
import type { PageText, PageVisitor } from './page.ts';
import { type Cursor, refusePage, skipLine, skipMetricName, takeWord } from './page-text.ts';
import { forgetPlaces, isOversized, labelsAt, noPlaces, repeatedLabel } from './series-labels.ts';
import { takeLabel } from './take-label.ts';

const types = new Set([
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
  'unknown',
]);
const endMark = '# EOF';

/**
 * Reads a page of OpenMetrics 1.0, exemplars included, as Prometheus 2.42 does. Its end mark says that it is whole.
 * @throws MonitorError `bad-metrics`, naming the line: what Prometheus refuses, it refuses whole.
 */
export const readOpenMetricsPage = ({ text, decode }: PageText, visitor: PageVisitor): void => {
  const cursor: Cursor = { text, at: 0 };
  const refuse = (expected: string): never => refusePage(cursor, 'OpenMetrics', expected);
  const labels = noPlaces();
  const ofExemplar = noPlaces();
  const rules = { style: 'openmetrics', decode, refuse } as const;
  const exemplarRules = { ...rules, style: 'exemplar' } as const;

  const takeMeta = (keyword: 'HELP' | 'TYPE' | 'UNIT') => {
    cursor.at += `# ${keyword} `.length;
    const nameStart = cursor.at;
    if (!skipMetricName(cursor)) refuse(`a metric name after ${keyword}`);
    const name = text.slice(nameStart, cursor.at);
    const restStart = cursor.at;
    skipLine(cursor);
    const isWhole = text[restStart] === ' ' && text[cursor.at] === '\n';
    const said = text.slice(restStart + 1, cursor.at);
    cursor.at = restStart;
    if (!isWhole) refuse(`a blank and a text after ${keyword} ${name}`);
    if (keyword === 'TYPE' && !types.has(said)) refuse(`one of ${[...types].join(', ')}`);
    if (keyword === 'HELP' && decode(said) === null) refuse('a HELP in UTF-8');
    if (keyword === 'UNIT' && said !== '' && !name.endsWith(`_${said}`))
      refuse(`the unit at the end of the name ${name}`);
    visitor.declared(name, keyword === 'TYPE' ? said : null);
    cursor.at = restStart + 1 + said.length;
  };
  const takeLabels = (into: typeof labels) => {
    forgetPlaces(into);
    cursor.at += 1;
    while (text[cursor.at] !== '}') {
      if (into.count > 0) {
        if (text[cursor.at] !== ',') refuse('a comma between labels');
        cursor.at += 1;
      }
      takeLabel(cursor, into, into === labels ? rules : exemplarRules);
    }
    cursor.at += 1;
  };
  /** A blank and what follows it up to the next blank or the end of the line. */
  const takeNumber = (what: string): number => {
    if (text[cursor.at] !== ' ') refuse(`a blank and ${what}`);
    cursor.at += 1;
    const start = cursor.at;
    const value = parseGoFloat(takeWord(cursor, 'blank'));
    if (value !== null) return value;
    cursor.at = start;
    return refuse(what);
  };
  /** Seconds to ms. */
  const takeTimestamp = (): number => {
    const seconds = takeNumber('a timestamp, s');
    return Number.isFinite(seconds) ? Math.trunc(seconds * 1000) : refuse('a timestamp, s');
  };
  const takeExemplar = (name: string) => {
    if (!name.endsWith('_total') && !name.endsWith('_bucket'))
      refuse('no exemplar: only a _total or a _bucket may have one');
    cursor.at += ' # '.length;
    takeLabels(ofExemplar);
    takeNumber("the exemplar's number");
    if (text[cursor.at] === ' ') takeTimestamp();
  };
  const takeSeries = () => {
    const nameStart = cursor.at;
    if (!skipMetricName(cursor)) refuse('a metric name, # HELP, # TYPE, # UNIT or # EOF');
    const name = text.slice(nameStart, cursor.at);
    forgetPlaces(labels);
    if (text[cursor.at] === '{') {
      takeLabels(labels);
      const twice = isOversized(labels) ? null : repeatedLabel(cursor, labels);
      if (twice !== null) refuse(`label ${twice} once`);
    }
    const value = takeNumber('a number');
    const isAtExemplar = () => text.startsWith(' # {', cursor.at);
    const timestampMs = text[cursor.at] === ' ' && !isAtExemplar() ? takeTimestamp() : null;
    if (isAtExemplar()) takeExemplar(name);
    if (text[cursor.at] !== '\n') refuse('the end of the line');
    if (!visitor.wants(name)) return;
    if (isOversized(labels)) return visitor.oversized(name, nameStart);
    const found = labelsAt(cursor, labels, decode);
    visitor.series({ name, labels: found, value, timestampMs, at: nameStart, isCut: false });
  };

  for (;;) {
    if (text.startsWith(endMark, cursor.at)) {
      const rest = text.slice(cursor.at + endMark.length, cursor.at + endMark.length + 2);
      if (rest !== '' && rest !== '\n') refuse(`nothing after ${endMark}`);
      return;
    }
    if (cursor.at >= text.length) refuse(`${endMark} at the end: the page was cut off`);
    const keyword = (['HELP', 'TYPE', 'UNIT'] as const).find((known) =>
      text.startsWith(`# ${known} `, cursor.at),
    );
    if (keyword === undefined) takeSeries();
    else takeMeta(keyword);
    cursor.at += 1;
  }
};
