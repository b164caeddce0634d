import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { hasTool, startHttpServer, startScrapingPrometheus } from '@dhash/testkit';
import { Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { promqlSource, type WatchEvent, watchService } from '../../src/index.ts';
import { selecting } from '../support/page.ts';

const never = new AbortController().signal;

/** A replica with counters of its own; each scrape is 100 requests more, of which `failing` fail, each 5 s long. */
const startReplica = async (failing: number): Promise<string> => {
  const registers = [new Registry()];
  const [registry = new Registry()] = registers;
  const requests = new Counter({
    name: 'shop_requests_total',
    help: 'h',
    labelNames: ['code'],
    registers,
  });
  const took = new Histogram({
    name: 'shop_seconds',
    help: 'h',
    buckets: [0.5, 1, 2, 8],
    registers,
  });
  const server = await startHttpServer(async (_, response) => {
    requests.inc({ code: '200' }, 100 - failing);
    requests.inc({ code: '500' }, failing);
    for (let request = 0; request < 100; request++) took.observe(5);
    response.writeHead(200, { 'content-type': registry.contentType });
    response.end(await registry.metrics());
  });
  return new URL(server.url).host;
};

const queries = {
  requests: 'sum by (code) (shop_requests_total)',
  took: 'sum by (le) (shop_seconds_bucket)',
  replicas: 'scalar(sum(up))',
};

describe.runIf(hasTool('prometheus'))('a real Prometheus that scrapes a real service', () => {
  it('gives series, histograms and scalars by query, and says what is wrong with one', async () => {
    const url = await startScrapingPrometheus([await startReplica(0), await startReplica(30)]);
    const source = promqlSource({
      url,
      timeoutMs: 10_000,
      queries,
      selection: selecting('requests', 'histogram took', 'replicas'),
    });
    // A series is there from its first scrape on; both replicas were scraped once.
    const { metrics } = await source.read(never);
    expect(metrics['replicas']).toBe(2);
    expect(metrics['requests{code="200"}']).toBeGreaterThanOrEqual(170);
    expect(metrics['requests{code="500"}']).toBeGreaterThanOrEqual(30);
    expect(metrics['took']).toMatchObject({
      le: { '0.5': 0, '2': 0, '8': expect.any(Number) },
      count: expect.any(Number),
    });
    for (const [query, message] of [
      ['sum(', /promql q: .*parse error/],
      ['up[5m]', /promql q: expected a vector or a scalar, got "matrix"/],
    ] as const)
      await expect(
        promqlSource({ url, timeoutMs: 10_000, queries: { q: query } }).read(never),
      ).rejects.toThrow(message);
  });

  it('is what a watch decides by', async () => {
    const replicas = [await startReplica(0), await startReplica(30)];
    const url = await startScrapingPrometheus(replicas);
    const gates = {
      duration: '40s',
      pollCadence: { initial: 2, normal: 2, initialPeriod: 1 },
      autoRollback: true,
      qualityGates: {
        errors: {
          kind: 'ratio',
          bad: 'requests{code=~"5.."}',
          total: 'requests',
          threshold: 5,
          unit: 'percent',
          timeWindow: '40s',
        },
      },
    };
    const policy = gatesFor(
      parseGates(JSON.stringify({ environments: { production: gates } }), { file: 'gates.json' }),
      'production',
    );
    const events: WatchEvent[] = [];
    const { decision, assessment } = await watchService({
      url: `http://${replicas[0]}`,
      gates: policy,
      metrics: [{ type: 'promql', url, queries }],
      onEvent: (event) => events.push(event),
    });
    expect(decision).toBe('rollback');
    // Two replicas, one of which fails 30 %.
    expect(assessment.gates['errors']?.value).toBeGreaterThan(10);
    expect(assessment.gates['errors']?.value).toBeLessThan(20);
  });
});
