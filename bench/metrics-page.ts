// What reading one page of metrics costs, CPU ms: a poll must not be felt. Beside it, in the same run, two peers that do less: turning the
// bytes into lines, and JSON.parse of the same series, each with a number. `npm run bench:page`
import { readPage } from '@dhash/monitor';
import { selectorsOf, type WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';

const gates = {
  duration: '10m',
  qualityGates: {
    errors: {
      kind: 'ratio',
      bad: 'http_requests_total{code=~"5..",route!="/health"}',
      total: 'http_requests_total{route!="/health"}',
      threshold: 5,
      unit: 'percent',
      timeWindow: '5m',
    },
    slow: { kind: 'quantile', histogram: 'http_seconds', q: 0.95, threshold: 2, timeWindow: '5m' },
    queue: { kind: 'level', gauge: 'queue_length', threshold: 100, of: 'max' },
  },
};
const policy: WatchPolicy = gatesFor(
  parseGates(JSON.stringify({ environments: { production: gates } }), { file: 'bench' }),
  'production',
);

const bounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
/** The lines that gates read: 400 counters, 20 histograms of 12 buckets, 20 gauges. */
const readByGates = (): string[] => {
  const lines = ['# HELP http_requests_total Requests.', '# TYPE http_requests_total counter'];
  for (let route = 0; route < 80; route++)
    for (const code of ['200', '302', '404', '500', '503'])
      lines.push(
        `http_requests_total{code="${code}",method="GET",route="/api/v1/things/${route}"} ${route * 1000}`,
      );
  lines.push('# TYPE http_seconds histogram');
  for (let route = 0; route < 20; route++) {
    for (const [index, le] of bounds.entries())
      lines.push(`http_seconds_bucket{le="${le}",route="/api/v1/things/${route}"} ${index * 17}`);
    lines.push(`http_seconds_bucket{le="+Inf",route="/api/v1/things/${route}"} 200`);
    lines.push(
      `http_seconds_sum{route="/api/v1/things/${route}"} 12.5`,
      `http_seconds_count{route="/api/v1/things/${route}"} 200`,
    );
  }
  lines.push('# TYPE queue_length gauge');
  for (let queue = 0; queue < 20; queue++) lines.push(`queue_length{queue="q${queue}"} ${queue}`);
  return lines;
};
/** What a page holds besides; about 100 bytes a series. */
const others = (series: number): string[] =>
  Array.from({ length: series }, (_, index) =>
    index % 50 === 0
      ? `# HELP lib_${index}_calls_total Calls of the library, by what it was called for.\n# TYPE lib_${index}_calls_total counter`
      : `lib_${index - (index % 50)}_calls_total{instance_id="i-${index}",zone="eu-central-1a",caller="worker ${index % 7}"} ${index * 3.5}`,
  );
const pageOf = (series: number): Buffer => {
  const own = readByGates();
  return Buffer.from(`${[...own, ...others(series - own.length)].join('\n')}\n`);
};

const cpuMs = (work: () => unknown): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
};
/** Of 30 runs, after 10 that the compiler needs. */
const median = (work: () => unknown): number => {
  for (let run = 0; run < 10; run++) work();
  const all = Array.from({ length: 30 }, () => cpuMs(work)).sort((a, b) => a - b);
  return all[15] ?? 0;
};

const options = { contentType: 'text/plain; version=0.0.4', nowMs: Date.now(), staleMs: 300_000 };
const selection = selectorsOf(policy);

console.log('page              MB    series   read ms   of lines   of JSON.parse   limit ms');
for (const [name, series, limitMs] of [
  ['10,000 series', 10_000, 15],
  ['5 MB', 50_500, 100],
] as const) {
  const page = pageOf(series);
  const lines = page.toString('utf8').split('\n');
  const json = JSON.stringify(lines.map((line) => [line, line.length]));
  const readMs = median(() => readPage(page, { ...options, selection }));
  const linesMs = median(() => page.toString('utf8').split('\n').length);
  const jsonMs = median(() => JSON.parse(json));
  const cells = [
    name.padEnd(16),
    (page.length / 1e6).toFixed(1).padStart(4),
    String(series).padStart(9),
    readMs.toFixed(1).padStart(9),
    `${(readMs / linesMs).toFixed(1)} ×`.padStart(10),
    `${(readMs / jsonMs).toFixed(2)} ×`.padStart(15),
    String(limitMs).padStart(10),
  ];
  console.log(cells.join(' '));
}
