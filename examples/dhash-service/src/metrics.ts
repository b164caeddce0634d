import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import { recentHashes } from './recent-hashes.ts';

/** The answer of `GET /metrics/dhash`. */
export interface DhashFigures {
  /** ms over the last 10 min; `null`: no picture was hashed. */
  readonly avg_hash_time: number | null;
  readonly p95_hash_time: number | null;
  /** Percent of the pictures of the last 10 min; `null`: none came. */
  readonly extraction_failures_rate: number | null;
  readonly extraction_failures_total: number;
  /** Pictures taken on since the start, failed ones too. */
  readonly total_processed: number;
  readonly low_confidence_queue_length: number;
}

/** What the service counts. */
export interface Metrics {
  hashed(ms: number): void;
  failed(): void;
  refused(): void;
  figures(): DhashFigures;
  /** Prometheus text. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Seconds. From a small picture to one that nobody waits for; 2 is where the shipped gate stands. */
const bucketsSeconds = [
  0.005, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5,
];

/** @param queueLength asked at each scrape: the queue outlives this process, the counters do not */
export const serviceMetrics = (now: () => number, queueLength: () => number): Metrics => {
  const registry = new Registry();
  const registers = [registry];
  const recent = recentHashes();
  let processed = 0;
  let failures = 0;
  const figures = (): DhashFigures => {
    const { avgMs, p95Ms, failuresPercent } = recent.figures(now());
    return {
      avg_hash_time: avgMs,
      p95_hash_time: p95Ms,
      extraction_failures_rate: failuresPercent,
      extraction_failures_total: failures,
      total_processed: processed,
      low_confidence_queue_length: queueLength(),
    };
  };

  const duration = new Histogram({
    name: 'dhash_hash_duration_seconds',
    help: 'From the bytes in hand to the hash, of pictures that were hashed',
    buckets: bucketsSeconds,
    registers,
  });
  const processedTotal = new Counter({
    name: 'dhash_processed_total',
    help: 'Pictures taken on, failed ones too',
    registers,
  });
  const failuresTotal = new Counter({
    name: 'dhash_extraction_failures_total',
    help: 'Pictures that could not be hashed',
    registers,
  });
  const refusedTotal = new Counter({
    name: 'dhash_refused_total',
    help: 'Requests answered 503 because too many pictures were in work',
    registers,
  });
  new Gauge({
    name: 'dhash_low_confidence_queue_length',
    help: 'Pictures that wait for a person',
    registers,
    collect() {
      this.set(queueLength());
    },
  });
  // The figures of /metrics/dhash under their own names, so that a gate reads either page alike.
  const help: Record<keyof DhashFigures, string> = {
    avg_hash_time: 'Mean hash time of the last 10 min, ms',
    p95_hash_time: '95th percentile of the hash times of the last 10 min, ms',
    extraction_failures_rate: 'Failed pictures of the last 10 min, percent',
    extraction_failures_total: 'As dhash_extraction_failures_total',
    total_processed: 'As dhash_processed_total',
    low_confidence_queue_length: 'As dhash_low_confidence_queue_length',
  };
  for (const name of Object.keys(help) as (keyof DhashFigures)[])
    new Gauge({
      name,
      help: help[name],
      registers,
      collect() {
        this.set(figures()[name] ?? Number.NaN);
      },
    });

  return {
    hashed: (ms) => {
      processed++;
      processedTotal.inc();
      duration.observe(ms / 1000);
      recent.add(now(), ms);
    },
    failed: () => {
      processed++;
      failures++;
      processedTotal.inc();
      failuresTotal.inc();
      recent.add(now(), null);
    },
    refused: () => refusedTotal.inc(),
    figures,
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
};
