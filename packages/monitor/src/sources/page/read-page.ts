import { type Gathering, gatherSeries, ownText } from '../gather-series.ts';
import type { Selection, SourceReading } from '../source.ts';
import { isOpenMetrics } from './content-type.ts';
import { type PageSeries, type PageVisitor, pageText } from './page.ts';
import { lineOf } from './page-text.ts';
import { readOpenMetricsPage } from './read-openmetrics-page.ts';
import { readTextPage } from './read-text-page.ts';

/** What a page of metrics is read for. */
export interface PageOptions {
  readonly selection: Selection;
  /** Of the answer; a page of OpenMetrics says so here, and only here. */
  readonly contentType: string | null;
  /** Wall clock when the page was asked for, ms since the epoch. */
  readonly nowMs: number;
  /** A value whose own timestamp is longer ago than this, or so far ahead, is no reading, ms. */
  readonly staleMs: number;
}

/** What a page says. */
export type PageReading = Omit<SourceReading, 'processes'> & {
  readonly names: ReadonlySet<string>;
  readonly doubts: readonly string[];
  /** `process_start_time_seconds`, s since the epoch; `null` where there is none or not one alone. */
  readonly startTime: number | null;
};

const startTimeName = 'process_start_time_seconds';
/** Beyond these nobody looks for the nearest name. */
const mostNames = 20_000;
/** Prometheus drops a value whose timestamp is further ahead than this, whatever its lookback; ms. */
const furthestAheadMs = 600_000;
/** Doubts that are told of one page. */
const mostDoubts = 5;

/** Names of series that a declared family stands for. */
const familyNames = (name: string, type: string | null): string[] => {
  if (type === 'histogram' || type === 'gaugehistogram')
    return ['', '_bucket', '_sum', '_count'].map((end) => name + end);
  if (type === 'summary') return ['', '_sum', '_count'].map((end) => name + end);
  // OpenMetrics names the family without the ending of its series.
  return type === 'counter' ? [name, `${name}_total`] : [name];
};

const ago = (ms: number): string => {
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${minutes} min` : `${Math.round(minutes / 60)} h`;
};

/**
 * Reads a page of metrics, Prometheus' text or OpenMetrics, as Prometheus takes it.
 * @throws MonitorError `bad-metrics`, naming the line, for a page that Prometheus would not take.
 */
export const readPage = (bytes: Buffer, options: PageOptions): PageReading => {
  const page = pageText(bytes);
  const gathering: Gathering = gatherSeries(options.selection);
  const names = new Set<string>();
  const declared = new Set<string>();
  const startTimes = new Set<number>();
  const doubts: string[] = [];
  const doubt = (at: number, what: string) => {
    if (doubts.length < mostDoubts) doubts.push(ownText(`line ${lineOf(page.text, at)}: ${what}`));
  };
  const lost = new Map<string, string>();
  let lastName = '';

  const visitor: PageVisitor = {
    declared: (name, type) => {
      if (declared.size >= mostNames) return;
      for (const known of familyNames(name, type)) declared.add(known);
    },
    wants: (name) => {
      if (name !== lastName) {
        lastName = name;
        if (names.size < mostNames) names.add(name);
      }
      return name === startTimeName || gathering.wants(name);
    },
    series: (series) => {
      if (series.name === startTimeName && !series.isCut) startTimes.add(series.value);
      if (series.isCut)
        doubt(series.at, `${series.name} has no line feed behind it and may be cut off; left out`);
      if (!gathering.wants(series.name)) return;
      const { unread, ...value } = readingOf(series);
      if (
        gathering.add(series.name, series.labels, unread === null ? value : { unread }) === 'twice'
      )
        doubt(series.at, `${series.name} a second time with the same labels; the first one counts`);
    },
    oversized: (name, at) => {
      const why = 'its labels are over 1000, or over 64 Ki characters';
      lost.set(ownText(name), why);
      doubt(at, `${name.slice(0, 200)}: ${why}; left out`);
    },
  };
  const readingOf = ({ value, timestampMs, isCut }: PageSeries) => {
    const ageMs = timestampMs === null ? 0 : options.nowMs - timestampMs;
    if (ageMs > options.staleMs)
      return {
        value,
        unread: `its value is ${ago(ageMs)} old (its own timestamp), which is over ${ago(options.staleMs)}`,
      };
    const aheadMs = Math.min(options.staleMs, furthestAheadMs);
    if (-ageMs > aheadMs)
      return {
        value,
        unread: `its value is of ${ago(-ageMs)} from now (its own timestamp), which is over ${ago(aheadMs)}: a clock is wrong`,
      };
    return {
      value,
      unread: isCut ? 'the page ends in its line, without a line feed: it may be cut off' : null,
    };
  };

  if (isOpenMetrics(options.contentType)) readOpenMetricsPage(page, visitor);
  else readTextPage(page, visitor);

  const { missing, doubts: odd, ...gathered } = gathering.end();
  // What was there and left out is not known to be 0.
  const known = [...missing].filter((name) => !lost.has(name) && isKnown(name, names, declared));
  const unread = { ...Object.fromEntries(lost), ...gathered.unread };
  const [startTime] = startTimes;
  return {
    ...gathered,
    ...(Object.keys(unread).length === 0 ? {} : { unread }),
    ...(known.length === 0 ? {} : { known }),
    names,
    doubts: [...doubts, ...odd].slice(0, mostDoubts),
    startTime: startTimes.size === 1 && Number.isFinite(startTime) ? (startTime ?? null) : null,
  };
};

const isKnown = (
  name: string,
  names: ReadonlySet<string>,
  declared: ReadonlySet<string>,
): boolean => declared.has(name) || names.has(name) || names.has(`${name}_bucket`);
