import { describe, expect, it } from 'vitest';
import { isOpenMetrics } from '../src/sources/page/content-type.ts';
import { openMetricsParameters } from './support/odd-pages.ts';

/** As a real Prometheus took them (system/prometheus-takes.test.ts). */
const taken: readonly string[] = [
  ';',
  '; ',
  '; version =1.0.0',
  '; version= 1.0.0',
  '; version="1.0.0"',
  '; version=""',
  '; version="1\\"0"',
  '; version=1.0.0; charset=utf-8;',
  ';version=1.0.0;charset=utf-8',
  ' ; version=1.0.0',
];

describe('OpenMetrics by its Content-Type', () => {
  it.each(openMetricsParameters)('application/openmetrics-text%s', (rest) => {
    expect(isOpenMetrics(`application/openmetrics-text${rest}`)).toBe(taken.includes(rest));
  });

  it.each([null, '', 'text/plain; version=0.0.4', 'application/openmetrics-texts', ';'])(
    'is not %s',
    (contentType) => {
      expect(isOpenMetrics(contentType)).toBe(false);
    },
  );

  it('reads a long one in one pass', () => {
    const long = `application/openmetrics-text; a="${'\\\\'.repeat(200_000)}`;
    expect(isOpenMetrics(long)).toBe(false);
    expect(isOpenMetrics(`${long}"`)).toBe(true);
  });
});
