import { describe, expect, it } from 'vitest';
import { openMetrics, read, selecting } from './support/page.ts';

describe('what gates select', () => {
  const page = `# TYPE requests_total counter
requests_total{code="200",route="/"} 10
requests_total{code="500",route="/"} 1
requests_total{code="500",route="/health"} 7
# HELP errors_total Errors.
# TYPE t histogram
t_bucket{route="/",le="1"} 1
t_bucket{route="/",le="+Inf"} 2
t_count{route="/"} 2
t_bucket{route="/slow",le="1"} 0
t_bucket{route="/slow",le="+Inf"} 9
other 1
process_start_time_seconds 1700000000.5
`;
  it('is kept, series by series, and the rest is not', () => {
    const selection = selecting(
      'requests_total{code=~"5..",route!="/health"}',
      'histogram t{route="/"}',
      't_count',
    );
    expect(read(page, { selection })).toMatchObject({
      metrics: {
        'requests_total{code="500",route="/"}': 1,
        't{route="/"}': { le: { '1': 1, '+Inf': 2 }, count: 2 },
        't_count{route="/"}': 2,
      },
      startTime: 1700000000.5,
    });
    expect(Object.keys(read(page, { selection }).metrics)).toHaveLength(3);
  });

  it('is known where the page declares it or shows another series of it, else it is missing', () => {
    const selection = selecting(
      'requests_total{code="503"}',
      'errors_total',
      'error_total',
      'histogram t{route="/new"}',
      'histogram u',
    );
    const { known, names } = read(page, { selection });
    expect(known).toEqual(['requests_total', 'errors_total', 't']);
    expect(names).toContain('requests_total');
    const counted = read('# TYPE errors counter\n# EOF\n', {
      selection: selecting('errors_total'),
      contentType: openMetrics,
    });
    expect(counted.known).toEqual(['errors_total']);
  });

  it('is over where there are more series than a gate may have, and then no reading', () => {
    const lines = Array.from({ length: 1001 }, (_, index) => `a{i="${index}"} 1\n`);
    const selection = selecting('a', 'a{i=~"1.?"}');
    const { metrics, unread, known } = read(lines.join(''), { selection });
    expect(unread).toEqual({ a: 'over 1000 series' });
    expect(Object.keys(metrics)).toHaveLength(11);
    expect(known).toBeUndefined();
    expect(
      Object.keys(read(lines.slice(1).join(''), { selection: selecting('a') }).metrics),
    ).toHaveLength(1000);
  });

  it('keeps nothing of the page alive', () => {
    // A part of a page's text would hold the page: each key is a text of its own.
    const { metrics } = read(page, { selection: selecting('requests_total') });
    expect(Object.keys(metrics)[0]).toBe('requests_total{code="200",route="/"}');
  });
});

describe('a value with a timestamp', () => {
  it.each([
    ['of now', 1e12, 10],
    ['5 minutes old', 1e12 - 300_000, 10],
    ['older', 1e12 - 300_001, null],
    ['of two hours ago', 1e12 - 7_200_000, null],
    ['ahead of our clock', 1e12 + 60_000, 10],
    ['5 minutes ahead', 1e12 + 300_000, 10],
    ['further ahead', 1e12 + 300_001, null],
    ['of the year 33658', 1e15, null],
  ])('%s', (_, timestamp, value) => {
    const { metrics, unread, known } = read(`# TYPE queue gauge\nqueue 10 ${timestamp}\n`, {
      selection: selecting('queue'),
    });
    expect(metrics).toEqual({ queue: value });
    expect(known).toBeUndefined();
    if (value === null)
      expect(unread?.['queue']).toMatch(
        /(old|from now) \(its own timestamp\), which is over 5 min/,
      );
  });

  it.each([
    [599_000, 1],
    [601_000, null],
  ])(
    '%d ms ahead is never over what Prometheus takes, however long values hold',
    (ahead, value) => {
      const page = `a 1 ${1e12 + ahead}\n`;
      expect(read(page, { staleMs: 3_600_000 }).metrics).toEqual({ a: value });
    },
  );

  it('that is too old takes its histogram along', () => {
    const { metrics, unread } = read('t_bucket{le="1"} 1 5\nt_bucket{le="+Inf"} 2\n', {
      selection: selecting('histogram t'),
    });
    expect(metrics).toEqual({ t: null });
    expect(unread?.['t']).toMatch(/old/);
  });
});

describe('a histogram', () => {
  const of = (lines: string) => read(lines, { selection: selecting('histogram t') });
  it.each([
    [
      'whose sum is NaN is read by its buckets',
      't_bucket{le="1"} 1\nt_bucket{le="+Inf"} 2\nt_sum NaN\nt_count 2\n',
      { le: { '1': 1, '+Inf': 2 }, count: 2 },
      null,
    ],
    [
      'without a sum',
      't_bucket{le="1"} 1\nt_bucket{le="+Inf"} 2\nt_count 2\n',
      { le: { '1': 1, '+Inf': 2 }, count: 2 },
      null,
    ],
    [
      'half updated: its buckets count',
      't_bucket{le="1"} 1\nt_bucket{le="+Inf"} 2\nt_sum 4\nt_count 3\n',
      { le: { '1': 1, '+Inf': 2 }, count: 2, sum: 4 },
      /_count is 3, bucket le="\+Inf" is 2/,
    ],
    [
      'with a bucket below the one before: raised to it',
      't_bucket{le="1"} 3\nt_bucket{le="2"} 2\nt_bucket{le="+Inf"} 4\n',
      { le: { '1': 3, '2': 3, '+Inf': 4 }, count: 4 },
      /le="2" is below/,
    ],
    [
      'with bounds out of order and equal ones',
      't_bucket{le="+Inf"} 5\nt_bucket{le="1.0"} 1\nt_bucket{le="1"} 2\n',
      { le: { '1': 3, '+Inf': 5 }, count: 5 },
      null,
    ],
    [
      'with a bound that is none',
      't_bucket{le="x"} 1\nt_bucket{le="+Inf"} 2\n',
      { le: { '+Inf': 2 }, count: 2 },
      /le="x" is no bound/,
    ],
  ])('%s', (_, lines, reading, doubt) => {
    const { metrics, doubts, unread } = of(lines);
    expect(metrics).toEqual({ t: reading });
    expect(doubts.join()).toMatch(doubt ?? /^$/);
    expect(unread).toBeUndefined();
  });

  it.each([
    ['without +Inf', 't_bucket{le="1"} 1\nt_count 1\n', 'it has no bucket le="+Inf"'],
    [
      'with a bucket that is NaN',
      't_bucket{le="1"} NaN\nt_bucket{le="+Inf"} 2\n',
      'its bucket le="1" is NaN',
    ],
    ['with a negative bucket', 't_bucket{le="+Inf"} -2\n', 'its bucket le="+Inf" is -2'],
    ['of a sum and a count alone', 't_count 1\nt_sum 1\n', 'it has no buckets'],
  ])('%s is no reading, as for Prometheus', (_, lines, reason) => {
    expect(of(lines)).toMatchObject({ metrics: { t: null }, unread: { t: reason } });
  });
});
