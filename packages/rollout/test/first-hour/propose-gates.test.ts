import { gatesFor, gateWarnings, parseGates } from '@dhash/quality-gates/config';
import { expect, it } from 'vitest';
import { gatesYaml, proposeGates } from '../../src/first-hour/propose-gates.ts';

const histogram = `# TYPE http_request_duration_seconds histogram
http_request_duration_seconds_bucket{le="0.5"} 17
http_request_duration_seconds_bucket{le="+Inf"} 20
`;

it.each<[string, string | null, string[]]>([
  ['no page', null, []],
  [
    'answers by status',
    'http_requests_total{method="GET",status="200"} 5\n',
    ['errors {status=~"5.."}'],
  ],
  ['answers by code', 'http_requests_total{code="200"} 5\n', ['errors {code=~"5.."}']],
  [
    'a pair of counters',
    'shop_requests_total 9\nshop_errors_total 1\n',
    ['errors shop_errors_total'],
  ],
  [
    'a pair of another word',
    'dhash_processed_total 9\ndhash_failures_total 1\n',
    ['errors dhash_failures_total'],
  ],
  [
    'a status as a class',
    '# TYPE hits_total counter\nhits_total{status="2xx"} 5\n',
    ['errors {status=~"5.."}'],
  ],
  ['a label that is no status', 'http_jobs_total{code="a"} 5\n', []],
  [
    'a histogram of milliseconds',
    '# TYPE upload_time_ms histogram\nupload_time_ms_bucket{le="+Inf"} 20\n',
    ['latency histogram: upload_time_ms, q'],
  ],
  ['a histogram of sizes', '# TYPE body_bytes histogram\nbody_bytes_bucket{le="+Inf"} 2\n', []],
  ['a counter alone', 'shop_errors_total 1\n', []],
  [
    'only what every process has',
    'process_cpu_seconds_total 1\npython_gc_errors_total 1\npython_gc_total 3\n',
    [],
  ],
  ['a histogram of seconds', histogram, ['latency http_request_duration_seconds']],
  ['a queue', '# TYPE mail_queue_length gauge\nmail_queue_length 3\n', ['queue mail_queue_length']],
  ['a queue with labels', '# TYPE mail_queue_length gauge\nmail_queue_length{to="a"} 3\n', []],
])('%s', (_what, page, expected) => {
  const gates = proposeGates(page);
  expect(gates.map(({ name }) => name)).toEqual(expected.map((one) => one.split(' ')[0]));
  for (const [index, one] of expected.entries())
    expect(gates[index]?.yaml).toContain(one.slice(one.indexOf(' ') + 1));
  const policy = gatesFor(
    parseGates(gatesYaml('production', gates), { file: 'gates.yaml' }),
    'production',
  );
  expect(policy.onBreak).toBe('advise');
  expect(Object.keys(policy.gates)).toEqual(['healthFailures', ...gates.map(({ name }) => name)]);
  expect(gateWarnings(policy)).toEqual([]);
});
