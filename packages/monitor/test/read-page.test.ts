import fc from 'fast-check';
import {
  Counter,
  Gauge,
  Histogram,
  type OpenMetricsContentType,
  type PrometheusContentType,
  Registry,
  Summary,
} from 'prom-client';
import { describe, expect, it } from 'vitest';
import { openMetrics, read } from './support/page.ts';

/** The example in the exposition format's own text, but for its line with a negative timestamp, which Prometheus refuses. */
const specExample = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A histogram, which has a pretty complex representation in the text format:
# HELP http_request_duration_seconds A histogram of the request duration.
# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.05"} 24054
http_request_duration_seconds_bucket{le="0.1"} 33444
http_request_duration_seconds_bucket{le="+Inf"} 144320
http_request_duration_seconds_sum 53423
http_request_duration_seconds_count 144320

# Finally a summary, which has a complex representation, too:
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.5"} 4773
rpc_duration_seconds{quantile="0.99"} 76656
rpc_duration_seconds_sum 1.7560473e+07
rpc_duration_seconds_count 2693
`;

describe('a page as a whole', () => {
  it('reads the example of the specification, series by series', () => {
    expect(read(specExample, { nowMs: 1395066363000 }).metrics).toEqual({
      'http_requests_total{code="200",method="post"}': 1027,
      'http_requests_total{code="400",method="post"}': 3,
      'msdos_file_access_time_seconds{error="Cannot find file:\\n\\"FILE.TXT\\"",path="C:\\\\DIR\\\\FILE.TXT"}': 1458255915,
      metric_without_timestamp_and_labels: 12.47,
      http_request_duration_seconds: {
        le: { '0.05': 24054, '0.1': 33444, '+Inf': 144320 },
        count: 144320,
        sum: 53423,
      },
      http_request_duration_seconds_sum: 53423,
      http_request_duration_seconds_count: 144320,
      'rpc_duration_seconds{quantile="0.5"}': 4773,
      'rpc_duration_seconds{quantile="0.99"}': 76656,
      rpc_duration_seconds_sum: 1.7560473e7,
      rpc_duration_seconds_count: 2693,
    });
  });

  it.each(['text', 'openmetrics'] as const)(
    'reads what prom-client writes as %s',
    async (format) => {
      const registry: Registry<PrometheusContentType | OpenMetricsContentType> = new Registry();
      if (format === 'openmetrics') registry.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
      const of = { help: 'with "quotes", a \\ and\na second line', registers: [registry] };
      new Counter({ name: 'done_total', labelNames: ['kind'], ...of }).inc({ kind: 'a"\\\n}' }, 3);
      new Gauge({ name: 'queue_length', ...of }).set(-2.5);
      new Summary({ name: 'wait_seconds', percentiles: [0.5], ...of }).observe(4);
      const histogram = new Histogram({
        name: 'took',
        labelNames: ['x'],
        buckets: [1, 2.5],
        ...of,
      });
      histogram.observe({ x: 'one' }, 0.5);
      histogram.observe({ x: 'two' }, 2);
      histogram.observe({ x: 'two' }, 9);
      expect(read(await registry.metrics(), { contentType: registry.contentType }).metrics).toEqual(
        {
          'done_total{kind="a\\"\\\\\\n}"}': 3,
          queue_length: -2.5,
          'wait_seconds{quantile="0.5"}': 4,
          wait_seconds_sum: 4,
          wait_seconds_count: 1,
          'took{x="one"}': { le: { '1': 1, '2.5': 1, '+Inf': 1 }, count: 1, sum: 0.5 },
          'took_sum{x="one"}': 0.5,
          'took_count{x="one"}': 1,
          'took{x="two"}': { le: { '1': 0, '2.5': 1, '+Inf': 2 }, count: 2, sum: 11 },
          'took_sum{x="two"}': 11,
          'took_count{x="two"}': 2,
        },
      );
    },
  );

  it('reads OpenMetrics with exemplars, timestamps in seconds and units', () => {
    const page =
      '# TYPE hits counter\n# UNIT wait_seconds seconds\nhits_total 100.0 # {trace_id="4bf9"} 1.0 1700000000.25\nwait_seconds_bucket{le="1.0"} 4 1000000000 # {trace_id="4bfa"} 0.5\nwait_seconds_bucket{le="+Inf"} 5\n# EOF\n';
    expect(read(page, { contentType: openMetrics }).metrics).toEqual({
      hits_total: 100,
      wait_seconds: { le: { '1': 4, '+Inf': 5 }, count: 5 },
    });
    // The same bytes are no page in the other format: its own mark says what it is.
    expect(() => read(page)).toThrow(/line 3/);
    expect(() => read(page.replace('# EOF\n', ''), { contentType: openMetrics })).toThrow(
      /cut off/,
    );
  });

  it('gives each series of any page its value, whatever the labels hold', () => {
    const series = fc.record({
      name: fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/),
      label: fc.string({ unit: 'binary' }),
      value: fc.integer(),
    });
    const escaped = (text: string) =>
      text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
    fc.assert(
      fc.property(
        fc.uniqueArray(series, { selector: ({ name, label }) => JSON.stringify([name, label]) }),
        fc.stringMatching(/^[ \t]{1,3}$/),
        (all, blank) => {
          const lines = all.map(
            ({ name, label, value }) => `${name}{l="${escaped(label)}"}${blank}${value}\n`,
          );
          const expected = all.map(({ name, label, value }) => [
            label === '' ? name : `${name}{l="${escaped(label)}"}`,
            value,
          ]);
          expect(read(lines.join('')).metrics).toEqual(Object.fromEntries(expected));
        },
      ),
    );
  });

  it('reads every finite number as written by JavaScript', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
        expect(read(`a ${value}\n`).metrics['a']).toBe(value + 0);
      }),
    );
  });
});

describe('an odd line', () => {
  it.each([
    [
      'no last line feed costs that line',
      'a 1\nb 12',
      { a: 1, b: null },
      /line 2: b has no line feed/,
    ],
    ['twice the same series: the first counts', 'a 1\na 2\n', { a: 1 }, /line 2: a a second time/],
    [
      'and whatever the order of its labels',
      'a{x="1",y="2"} 1\na{y="2",x="1"} 2\n',
      { 'a{x="1",y="2"}': 1 },
      /line 2/,
    ],
    [
      'HELP and TYPE twice',
      '# HELP a x\n# TYPE a gauge\n# HELP a x\n# TYPE a gauge\na 1\n',
      { a: 1 },
      null,
    ],
    ['TYPE after its samples', 'a 1\n# TYPE a counter\n', { a: 1 }, null],
    ['HELP of a name with a dot', '# HELP a.b text\na 1\n', { a: 1 }, null],
    ['no comma between labels', 'a{x="1"y="2"} 1\n', { 'a{x="1",y="2"}': 1 }, null],
    ['an unknown escape', 'a{x="C:\\temp"} 1\n', { 'a{x="C:\\\\temp"}': 1 }, null],
    ['an empty label is none', 'a{x=""} 1\n', { a: 1 }, null],
    ['no blank before a number', 'a.5\nb+2\nc{x="1"}3\n', { a: 0.5, b: 2, 'c{x="1"}': 3 }, null],
    ['a line feed in a label', 'a{x="1\n2"} 1\n', { 'a{x="1\\n2"}': 1 }, null],
    ['a histogram that is one number', '# TYPE t histogram\nt 4\n', { t: 4 }, null],
    ['a summary that is one number', '# TYPE t summary\nt 4\n', { t: 4 }, null],
    ['NaN and Inf are no readings', 'a NaN\nb -Inf\nc +inf\n', { a: null, b: null, c: null }, null],
    [
      'one partition of two is NaN',
      'a{p="0"} NaN\na{p="1"} 5\n',
      { 'a{p="0"}': null, 'a{p="1"}': 5 },
      null,
    ],
    ['a name that objects have', '__proto__ 4\n', JSON.parse('{"__proto__":4}'), null],
    ['an end by a byte 0', 'a 1\n\0b 2\n', { a: 1 }, null],
  ])('%s', (_, page, metrics, doubt) => {
    const reading = read(page);
    expect(reading.metrics).toEqual(metrics);
    expect(reading.doubts.join('\n')).toMatch(doubt ?? /^$/);
  });

  it('is told with its number, five at most', () => {
    const page = Array.from({ length: 20 }, () => 'a 1\n').join('');
    expect(read(page).doubts).toHaveLength(5);
  });

  it('never lets a page cut off anywhere give another number', () => {
    const whole = read(specExample, { nowMs: 1395066363000 }).metrics;
    fc.assert(
      fc.property(fc.integer({ min: 1, max: specExample.length - 1 }), (cut) => {
        let metrics: Readonly<Record<string, unknown>>;
        try {
          ({ metrics } = read(specExample.slice(0, cut), { nowMs: 1395066363000 }));
        } catch (error) {
          expect(error).toMatchObject({ code: 'bad-metrics' });
          return;
        }
        for (const [key, value] of Object.entries(metrics))
          if (typeof value === 'number') expect(value).toBe(whole[key]);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['a foo\n', /line 1: expected a number, got "a foo"/],
    ['\n\na 1 2 3\n', /line 3: expected the end of the line/],
    ['a 1 2.5\n', /timestamp/],
    ['a 1 -5\n', /timestamp/],
    [' a 1\n', /no blank before the name/],
    ['a{x="1} 2\n', /name="value"/],
    ['a{,} 2\n', /name="value"/],
    ['a{x="1",x="2"} 2\n', /label x once/],
    ['a{__name__="b"} 2\n', /__name__/],
    ['a 1\r\n', /line 1/],
    ['a 1e999\n', /a number/],
    ['a 0x10\n', /a number/],
    ['# TYPE a countre\na 1\n', /counter, gauge, histogram/],
    ['# TYPE a counter \n', /after one blank/],
    ['# HELP 1a text\n', /metric name after HELP/],
    ['\ufeffa 1\n', /metric name/],
  ])('voids the page where it voids it for Prometheus: %j', (page, message) => {
    expect(() => read(page)).toThrow(message);
    expect(() => read(page)).toThrow(
      expect.objectContaining({ name: 'MonitorError', code: 'bad-metrics' }),
    );
  });
});
