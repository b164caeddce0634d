import fc from 'fast-check';
import { Counter, Gauge, Histogram, Registry, Summary } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { parsePrometheusText } from '../src/index.ts';

/** The example in the exposition format's own text. */
const specExample = `# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9

# Minimalistic line:
metric_without_timestamp_and_labels 12.47

# A weird metric from before the epoch:
something_weird{problem="division by zero"} +Inf -3982045

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

describe('a page', () => {
  it('reads the example of the specification', () => {
    expect(parsePrometheusText(specExample)).toEqual({
      http_requests_total: 1030,
      msdos_file_access_time_seconds: 1458255915,
      metric_without_timestamp_and_labels: 12.47,
      something_weird: Number.POSITIVE_INFINITY,
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

  it('reads what prom-client writes', async () => {
    const registry = new Registry();
    const registers = [registry];
    const of = { help: 'with "quotes", a \\ and\na second line', registers };
    new Counter({ name: 'done_total', labelNames: ['kind'], ...of }).inc({ kind: 'a"\\\n}' }, 3);
    new Gauge({ name: 'queue_length', ...of }).set(-2.5);
    new Summary({ name: 'wait_seconds', percentiles: [0.5], ...of }).observe(4);
    const histogram = new Histogram({ name: 'took', labelNames: ['x'], buckets: [1, 2.5], ...of });
    histogram.observe({ x: 'one' }, 0.5);
    histogram.observe({ x: 'two' }, 2);
    histogram.observe({ x: 'two' }, 9);
    expect(parsePrometheusText(await registry.metrics())).toEqual({
      done_total: 3,
      queue_length: -2.5,
      'wait_seconds{quantile="0.5"}': 4,
      wait_seconds_sum: 4,
      wait_seconds_count: 1,
      took: { le: { '1': 1, '2.5': 2, '+Inf': 3 }, count: 3, sum: 11.5 },
      took_sum: 11.5,
      took_count: 3,
    });
  });

  it('adds series of a histogram up at the bounds they share', () => {
    const page = `# TYPE t histogram
t_bucket{a="x",le="1"} 1
t_bucket{a="x",le="5"} 4
t_bucket{a="x",le="+Inf"} 4
t_sum{a="x"} 9
t_count{a="x"} 4
t_bucket{a="y",le="5.0"} 10
t_bucket{le="Inf",a="y"} 12
t_sum{a="y"} 20
t_count{a="y"} 12
`;
    expect(parsePrometheusText(page)['t']).toEqual({
      le: { '5': 14, '+Inf': 16 },
      count: 16,
      sum: 29,
    });
  });

  it.each([
    ['', {}],
    ['\n \t\n#\n# a comment\n#TYPE\n# HELP\n# TYPE x\n', {}],
    ['a 1\n', { a: 1 }],
    ['\t a{}\t1e3 \t-5 \n', { a: 1000 }],
    ['a{ x = "1" , y="2", } 0x\n', null],
    ['a{ x = "1" , y="2", } .5\n', { a: 0.5 }],
    ['a{x="}"}-3.\n', { a: -3 }],
    ['a NaN\nb -Inf\nc +inf\nd nan\n', { a: Number.NaN, b: -Infinity, c: Infinity, d: Number.NaN }],
    ['a{x="1"} NaN\na{x="2"} 5\n', { a: Number.NaN }],
    ['__proto__ 4\n', JSON.parse('{"__proto__":4}')],
    ['x_count 4\nx_sum 2\n', { x_count: 4, x_sum: 2 }],
    ['# TYPE s summary\ns{quantile="0.9",a="b"} 1\n', {}],
  ])('%j', (page, expected) => {
    if (expected === null) expect(() => parsePrometheusText(page)).toThrow();
    else expect(parsePrometheusText(page)).toEqual(expected);
  });

  it.each([
    ['a 1234\nb 12', /no line feed/],
    ['a foo\n', /line 1: expected a number/],
    ['\n\na 1 2 3\n', /line 3: expected a number/],
    ['a 1 2.5\n', /timestamp/],
    ['a\n', /line 1/],
    ['a1\n', /blank between name and value/],
    ['1a 1\n', /metric name/],
    ['a{x="1} 2\n', /name="value"/],
    ['a{x=1} 2\n', /name="value"/],
    ['a{x="\\t"} 2\n', /name="value"/],
    ['a{x="1" y="2"} 2\n', /name="value"/],
    ['a{,} 2\n', /name="value"/],
    ['a{x="1",x="2"} 2\n', /label x once/],
    ['a 1\r\n', /line 1/],
    ['a 1\na 2\n', /a second time/],
    ['a{x="1",y="2"} 1\na{y="2",x="1"} 2\n', /a second time/],
    ['# TYPE a counter\n# TYPE a counter\na 1\n', /second TYPE/],
    ['# HELP a x\n# HELP a y\na 1\n', /second HELP/],
    ['a 1\n# TYPE a counter\n', /after its first sample/],
    ['# TYPE a countre\na 1\n', /counter, gauge, histogram/],
    ['# HELP 1a text\n', /metric name after HELP/],
    ['# TYPE t histogram\nt 1\n', /not a number/],
    ['# TYPE t histogram\nt_bucket 1\n', /no label le/],
    ['# TYPE t histogram\nt_bucket{le="x"} 1\nt_sum 1\nt_count 1\n', /no number/],
    ['# TYPE t histogram\nt_bucket{le="1"} 1\nt_sum 1\nt_count 1\n', /no bucket le="\+Inf"/],
    ['# TYPE t histogram\nt_bucket{le="+Inf"} 2\nt_sum 1\nt_count 1\n', /_count is 1/],
    ['# TYPE t histogram\nt_bucket{le="+Inf"} 2\nt_count 2\n', /no _sum/],
    ['# TYPE t histogram\nt_bucket{le="+Inf"} 2\nt_sum 2\n', /no _count/],
    [
      '# TYPE t histogram\nt_bucket{le="1"} 3\nt_bucket{le="+Inf"} 2\nt_sum 1\nt_count 2\n',
      /below the one before/,
    ],
    ['# TYPE t histogram\nt_bucket{le="1"} 1\nt_bucket{le="1.0"} 1\nt_sum 1\nt_count 1\n', /twice/],
    ['# TYPE s summary\ns 1\n', /no label quantile/],
  ])('refuses %j', (page, message) => {
    expect(() => parsePrometheusText(page)).toThrow(message);
    expect(() => parsePrometheusText(page)).toThrow(
      expect.objectContaining({ name: 'MonitorError', code: 'bad-metrics' }),
    );
  });
});

const names = fc.stringMatching(/^[a-z_:][a-z0-9_:]{0,8}$/).filter((name) => name !== '__proto__');
const blanks = fc.stringMatching(/^[ \t]{1,3}$/);

describe('any page', () => {
  it('gives each name the sum of its series, whatever the labels hold', () => {
    const series = fc.record({
      name: names,
      label: fc.string({ unit: 'binary' }),
      value: fc.integer(),
    });
    fc.assert(
      fc.property(
        fc.uniqueArray(series, { selector: ({ name, label }) => JSON.stringify([name, label]) }),
        blanks,
        (all, blank) => {
          const escaped = (text: string) =>
            text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
          const page = all
            .map(({ name, label, value }) => `${name}{l="${escaped(label)}"}${blank}${value}\n`)
            .join('');
          const expected: Record<string, number> = {};
          for (const { name, value } of all) expected[name] = (expected[name] ?? 0) + value;
          expect(parsePrometheusText(page)).toEqual(expected);
        },
      ),
    );
  });

  it('reads every finite number as written by JavaScript', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (value) => {
        const text = value === Infinity ? '+Inf' : value === -Infinity ? '-Inf' : String(value);
        expect(parsePrometheusText(`a ${text}\n`)['a']).toBe(value + 0);
      }),
    );
  });

  it('never takes a page cut off anywhere for a whole one', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: specExample.length - 1 }), (cut) => {
        const page = specExample.slice(0, cut);
        // Cut right behind a line feed it is a shorter page; a histogram cut in its middle shows.
        fc.pre(!page.endsWith('\n'));
        expect(() => parsePrometheusText(page)).toThrow(/cut off/);
      }),
    );
  });

  it('throws nothing but its own error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'a1{}="\\,# \n+.eNaInf') }), (page) => {
        try {
          parsePrometheusText(`${page}\n`);
        } catch (error) {
          expect(error).toMatchObject({ name: 'MonitorError', code: 'bad-metrics' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});
