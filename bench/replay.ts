// How many samples a second a replay judges on one core, beside two peers in the same run: the same
// gates worked out anew over the window at each poll, and a plain JSON.parse of the same lines (the
// floor: no replay of a file can be faster than reading it). `node --conditions=@dhash/source bench/replay.ts`
import { readFile } from 'node:fs/promises';
import { pollTimes, replay, type Sample, type WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';

const gatesFile = new URL('../quality-gates-config.json', import.meta.url);
const policy = gatesFor(
  parseGates(await readFile(gatesFile, 'utf8'), { file: 'quality-gates-config.json' }),
  'production',
);

const bounds = ['0.1', '0.25', '0.5', '1', '2', '2.5', '5', '10'];
/** One watch that is promoted, as the lines of a sample log. */
const watchLines = (times: readonly number[]): string[] => {
  const buckets = bounds.map(() => 0);
  let total = 0;
  let bad = 0;
  return times.map((at, poll) => {
    for (let i = 0; i < 50; i++) {
      total += 1;
      if ((poll * 50 + i) % 40 === 0) bad += 1;
      const first = (poll + i) % 5;
      for (let bucket = first; bucket < bounds.length; bucket++)
        buckets[bucket] = (buckets[bucket] ?? 0) + 1;
    }
    return JSON.stringify({
      at,
      health: { ok: true, status: 200, ms: 12 },
      metrics: {
        dhash_processed_total: total,
        dhash_extraction_failures_total: bad,
        dhash_low_confidence_queue_length: 40 + (poll % 7),
        dhash_hash_duration_seconds: {
          le: Object.fromEntries([...bounds.map((le, i) => [le, buckets[i]]), ['+Inf', total]]),
          count: total,
          sum: total / 3,
        },
      },
    });
  });
};

const codes = ['200', '204', '304', '400', '404', '429', '500', '503'];
const routes = ['/', '/login', '/search', '/cart', '/pay'];
/** The same service as its client library shows it: 40 series of a counter and 5 histograms. */
const seriesLines = (times: readonly number[]): string[] =>
  times.map((at, poll) => {
    const metrics: Record<string, unknown> = {};
    for (const [c, code] of codes.entries())
      for (const [r, route] of routes.entries())
        metrics[`http_requests_total{code="${code}",route="${route}"}`] =
          1000 * (c + 1) + poll * (c < 6 ? 10 + r : 1);
    for (const [r, route] of routes.entries()) {
      const count = 500 + poll * (20 + r);
      const le = bounds.map((bound, i) => [bound, Math.floor((count * (i + 2)) / 9)]);
      metrics[`http_request_duration_seconds{route="${route}"}`] = {
        le: Object.fromEntries([...le, ['+Inf', count]]),
        count,
        sum: count / 3,
      };
    }
    return JSON.stringify({
      at,
      health: { ok: true, status: 200, ms: 12 },
      metrics,
      processes: { shop: 1_700_000_000 },
    });
  });

type Poll = Extract<Sample, { metrics?: unknown }> & { at: number };
const counter = (sample: Poll, name: string) => Number(sample.metrics?.[name]);
const increase = (samples: readonly Poll[], read: (sample: Poll) => number) => {
  let sum = 0;
  for (let i = 1; i < samples.length; i++) {
    const [before, now] = [read(samples[i - 1] as Poll), read(samples[i] as Poll)];
    sum += now < before ? now : now - before;
  }
  return sum;
};
/** The sums of the shipped gates alone, without verdicts, sentences or decisions: a peer that does less. */
const naive = (samples: readonly Poll[]): number => {
  let checksum = 0;
  for (let index = 0; index < samples.length; index++) {
    const { at } = samples[index] as Poll;
    const seen = samples.slice(0, index + 1);
    const within = (ms: number) => seen.filter((sample) => sample.at > at - ms);
    const ratio = within(600_000);
    checksum += increase(ratio, (sample) => counter(sample, 'dhash_extraction_failures_total'));
    checksum += increase(ratio, (sample) => counter(sample, 'dhash_processed_total'));
    checksum += ratio.filter((sample) => sample.health?.ok === false).length;
    const slow = within(900_000);
    for (const le of [...bounds, '+Inf'])
      checksum += increase(slow, (sample) => {
        const histogram = sample.metrics?.['dhash_hash_duration_seconds'];
        return Number((histogram as { le: Record<string, number> }).le[le]);
      });
  }
  return checksum;
};

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Samples a second of CPU time, the best of what fits into a second and a half of it: on a busy machine that is longer by the
 * clock, and the code is as warm.
 */
const rate = (samples: number, run: () => unknown): number => {
  run();
  let best = 0;
  for (const until = cpuMs() + 1500; cpuMs() < until; ) {
    const from = cpuMs();
    run();
    best = Math.max(best, (samples / (cpuMs() - from)) * 1000);
  }
  return best;
};

const shown = (perSecond: number) => `${Math.round(perSecond).toLocaleString('en')} samples/s`;

const compare = (title: string, watched: WatchPolicy, watches: number): void => {
  const times = pollTimes(watched);
  const lines = watchLines(times);
  const parsed = lines.map((line) => JSON.parse(line) as Poll);
  if (replay(watched, parsed).decision !== 'promote') throw new Error('the watch is not promoted');
  const samples = times.length * watches;
  const repeated = (run: () => unknown) => () => {
    for (let i = 0; i < watches; i++) run();
  };
  const judged = rate(
    samples,
    repeated(() => replay(watched, parsed)),
  );
  const again = rate(
    samples,
    repeated(() => naive(parsed)),
  );
  const floor = rate(
    samples,
    repeated(() => lines.map((line) => JSON.parse(line))),
  );
  console.log(`${title}: ${times.length} polls a watch`);
  console.log(`  replay             ${shown(judged)}`);
  console.log(
    `  naive sums only    ${shown(again)}, replay is ${(judged / again).toFixed(1)} × that`,
  );
  console.log(
    `  JSON.parse (floor) ${shown(floor)}, replay is ${(judged / floor).toFixed(2)} × that`,
  );
};

compare('production', policy, 200);
const dense = { ...policy.cadence, initialMs: 1000, normalMs: 1000 };
compare('the same, polled every second', { ...policy, cadence: dense }, 2);

const seriesPolicy = gatesFor(
  parseGates(
    JSON.stringify({
      environments: {
        production: {
          duration: 60,
          autoRollback: true,
          qualityGates: {
            errors: {
              kind: 'ratio',
              bad: 'http_requests_total{code=~"5.."}',
              total: 'http_requests_total',
              threshold: 8,
              timeWindow: 10,
            },
            slow: {
              kind: 'quantile',
              histogram: 'http_request_duration_seconds{route!="/"}',
              q: 0.5,
              threshold: 9,
              timeWindow: 15,
            },
          },
        },
      },
    }),
    { file: 'series.json' },
  ),
  'production',
);
const ofSeries = seriesLines(pollTimes(seriesPolicy));
const parsedSeries = ofSeries.map((line) => JSON.parse(line) as Poll);
const { decision } = replay(seriesPolicy, parsedSeries);
if (decision !== 'promote') throw new Error(`the watch of series ends ${decision}`);
const times100 = (run: () => unknown) => () => {
  for (let i = 0; i < 100; i++) run();
};
const seriesRate = rate(
  ofSeries.length * 100,
  times100(() => replay(seriesPolicy, parsedSeries)),
);
const seriesFloor = rate(
  ofSeries.length * 100,
  times100(() => ofSeries.map((line) => JSON.parse(line))),
);
console.log('40 series of a counter and 5 histograms');
console.log(`  replay             ${shown(seriesRate)}`);
console.log(
  `  JSON.parse (floor) ${shown(seriesFloor)}, replay is ${(seriesRate / seriesFloor).toFixed(2)} × that`,
);

// What observing costs must not grow with what was observed.
const longDay = { ...policy, durationMs: 100_000_000, cadence: { ...dense, normalMs: 1000 } };
const lines = watchLines(pollTimes(longDay)).map((line) => JSON.parse(line) as Poll);
const from = cpuMs();
replay(longDay, lines);
console.log(
  `one watch of ${lines.length} polls: ${shown((lines.length / (cpuMs() - from)) * 1000)}`,
);
