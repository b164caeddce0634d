import { hasTool, type Scraped, type ScrapedPage, scrapeWithPrometheus } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { isMonitorError } from '../../src/index.ts';
import { isOpenMetrics } from '../../src/sources/page/content-type.ts';
import { pageText } from '../../src/sources/page/page.ts';
import { readOpenMetricsPage } from '../../src/sources/page/read-openmetrics-page.ts';
import { readTextPage } from '../../src/sources/page/read-text-page.ts';
import { fuzzedPages, oddPages } from '../support/odd-pages.ts';
import { read } from '../support/page.ts';

/** Series as text, in one order; a value with a timestamp is not answered by Prometheus for long, and left out. */
const seriesOf = ({ body, contentType }: ScrapedPage): string[] | null => {
  const found = new Map<string, string>();
  try {
    (isOpenMetrics(contentType) ? readOpenMetricsPage : readTextPage)(pageText(body), {
      declared: () => undefined,
      wants: () => true,
      oversized: () => undefined,
      series: ({ name, labels, value, timestampMs }) => {
        const key = JSON.stringify(Object.entries({ ...labels, __name__: name }).sort());
        if (timestampMs === null && !found.has(key)) found.set(key, String(value));
      },
    });
  } catch (error) {
    if (isMonitorError(error)) return null;
    throw error;
  }
  return [...found].map(([key, value]) => `${key} ${value}`).sort();
};

const takenBy = (scraped: Scraped): string[] | null =>
  scraped.taken
    ? scraped.series
        .map(({ metric, value }) => {
          const number = Number(value.replace('Inf', 'Infinity'));
          return `${JSON.stringify(Object.entries(metric).sort())} ${number}`;
        })
        .sort()
    : null;

/** Whether both take it, and what of it; 0 pages may differ. */
const compare = async (title: string, pages: readonly ScrapedPage[]): Promise<number> => {
  const scraped = await scrapeWithPrometheus(pages);
  const differing = pages.flatMap((page, index) => {
    const theirs = takenBy(scraped[index] ?? { taken: false, reason: 'not asked' });
    const ours = seriesOf(page);
    const same = JSON.stringify(ours) === JSON.stringify(theirs);
    return same
      ? []
      : [
          {
            page: page.body.toString('latin1'),
            type: page.contentType,
            ours,
            theirs,
            scraped: scraped[index],
          },
        ];
  });
  const taken = scraped.filter((one) => one.taken).length;
  console.log(
    `${title}: ${pages.length} before a real Prometheus, ${taken} taken, ${differing.length} differ`,
  );
  expect(differing).toEqual([]);
  return taken;
};

describe.runIf(hasTool('prometheus'))('the same bytes before a real Prometheus', () => {
  it('odd pages', async () => {
    expect(oddPages.length).toBeGreaterThan(300);
    const taken = await compare('odd pages', oddPages);
    expect(taken).toBeGreaterThan(100);
    // What it takes, the reader of whole pages takes too.
    for (const page of oddPages)
      if (seriesOf(page) !== null) read(page.body, { contentType: page.contentType });
  });

  it('fuzzed pages', async () => {
    const seed = Number(process.env['FUZZ_SEED'] ?? 20261130);
    await compare(`fuzzed pages (seed ${seed})`, fuzzedPages(1000, seed));
  });
});
