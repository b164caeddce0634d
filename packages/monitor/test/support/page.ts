import { parseSelector, type SelectedMetric } from '@dhash/quality-gates';
import { type PageOptions, type PageReading, readPage } from '../../src/index.ts';

export const openMetrics = 'application/openmetrics-text; version=1.0.0; charset=utf-8';

/** Reads a page as one is read at `nowMs` 1e12, everything kept where nothing else is said. */
export const read = (page: string | Buffer, options: Partial<PageOptions> = {}): PageReading =>
  readPage(typeof page === 'string' ? Buffer.from(page) : page, {
    selection: 'everything',
    contentType: 'text/plain; version=0.0.4',
    nowMs: 1e12,
    staleMs: 300_000,
    ...options,
  });

/** What gates would name: counters and gauges as they are, a histogram as `histogram name`. */
export const selecting = (...texts: string[]): SelectedMetric[] =>
  texts.map((named) => {
    const isHistogram = named.startsWith('histogram ');
    const text = named.replace('histogram ', '');
    return {
      gate: 'gate',
      key: isHistogram ? 'histogram' : 'bad',
      type: isHistogram ? 'histogram' : 'counter',
      text,
      selector: parseSelector(text),
      optional: false,
    };
  });
