import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fakeClock, startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { readArguments } from '../src/cli/read-arguments.ts';
import { openProbes, readSampleLog, watchService } from '../src/index.ts';
import { policyOf } from './support/gates.ts';
import { startedAt } from './support/service.ts';

const startService = async (queue: number) =>
  startHttpServer(({ url }, response) => {
    response.end(url === '/metrics' ? `low_confidence_queue_length ${queue}\n` : 'OK');
  });

const gatesFile = async (environments: string[]): Promise<string> => {
  const file = join(await tempFolder(), 'gates.json');
  const gates = {
    duration: '2m',
    autoRollback: true,
    qualityGates: { healthFailures: { threshold: 2 }, lowConfidenceQueue: { threshold: 1000 } },
  };
  await writeFile(
    file,
    JSON.stringify({ environments: Object.fromEntries(environments.map((name) => [name, gates])) }),
  );
  return file;
};

describe('watchService', () => {
  it('watches by a file of gates, and says what they decided', async () => {
    const gates = await gatesFile(['production']);
    for (const [queue, decision] of [
      [10, 'promote'],
      [1001, 'rollback'],
    ] as const) {
      const { url } = await startService(queue);
      const outcome = await watchService({ url, gates, clock: fakeClock(startedAt) });
      expect(outcome.decision).toBe(decision);
    }
  });

  it('goes on in its log', async () => {
    const { url } = await startService(10);
    const log = join(await tempFolder(), 'samples.ndjson');
    const stop = new AbortController();
    const clock = fakeClock(startedAt);
    let polls = 0;
    const onEvent = ({ type }: { type: string }) => {
      polls += type === 'poll' ? 1 : 0;
      if (polls === 5) stop.abort(new Error('SIGINT'));
    };
    const options = { url, gates: policyOf(), log, clock };
    expect((await watchService({ ...options, onEvent, signal: stop.signal })).decision).toBe(
      'interrupted',
    );
    expect((await watchService(options)).decision).toBe('promote');
    expect((await readSampleLog(log)).samples).toHaveLength(39);
  });

  it('asks which environment where there are several', async () => {
    const gates = await gatesFile(['staging', 'production']);
    await expect(watchService({ url: 'http://127.0.0.1:9', gates })).rejects.toThrow(
      /several environments \(staging, production\)/,
    );
    await expect(
      watchService({ url: 'http://127.0.0.1:9', gates, environment: 'prod' }),
    ).rejects.toThrow(/production/);
  });

  it('asks each replica, and a Prometheus beside them', async () => {
    const replicas = await Promise.all([startService(1), startService(2)]);
    const targets = replicas.map(({ url }) => url);
    const api = await startHttpServer((_, response) => {
      response.end('{"status":"success","data":{"resultType":"scalar","result":[1,"7"]}}');
    });
    const { source, health } = openProbes(
      {
        url: 'http://127.0.0.1:9',
        targets,
        health: { path: '/health' },
        metrics: [
          { type: 'prometheus', path: '/metrics' },
          { type: 'promql', url: api.url, queries: { total: 'q' } },
        ],
      },
      {},
    );
    const never = new AbortController().signal;
    const hosts = targets.map((url) => new URL(url).host);
    expect((await source?.read(never))?.metrics).toEqual({
      [`low_confidence_queue_length{instance="${hosts[0]}"}`]: 1,
      [`low_confidence_queue_length{instance="${hosts[1]}"}`]: 2,
      total: 7,
    });
    expect(Object.keys((await health.check(never)).replicas ?? {})).toEqual(hosts);
  });
});

describe('the command line', () => {
  it('reads what is asked', () => {
    const asked = readArguments([
      ...[
        '--url',
        'https://shop.test',
        '--gates',
        'g.json',
        '--env',
        'production',
        '--timeout',
        '2.5',
        '--json',
      ],
      ...[
        '--metrics',
        'http://10.0.0.1:9100/metrics',
        '--header',
        'X-Scope: shop: eu',
        '--bearer-file',
        't',
      ],
      ...['--prometheus', 'http://prom.test', '--promql', 'rate=sum(rate(x{a="b"}[1m]))'],
      ...['--expect', '/^OK$/', '--target', 'http://a', '--target', 'http://b'],
    ]);
    const shared = {
      timeoutMs: 2500,
      headers: { 'X-Scope': 'shop: eu' },
      bearerFile: 't',
      tls: undefined,
    };
    expect(asked).toMatchObject({
      kind: 'watch',
      format: 'json',
      options: {
        url: 'https://shop.test',
        gates: 'g.json',
        environment: 'production',
        targets: ['http://a', 'http://b'],
        health: { path: '/health', timeoutMs: 2500, expect: { body: '/^OK$/' } },
        metrics: [
          { ...shared, type: 'prometheus', url: 'http://10.0.0.1:9100/metrics' },
          {
            ...shared,
            type: 'promql',
            url: 'http://prom.test',
            queries: { rate: 'sum(rate(x{a="b"}[1m]))' },
          },
        ],
      },
    });
  });

  it.each([
    [[], /--url and --gates are needed/],
    [['--url', 'shop', '--gates', 'g'], /--url: expected an http/],
    [['--url', 'http://a', '--gates', 'g', '--header', 's3cret'], /^--header: expected NAME:…$/],
    [['--url', 'http://a', '--gates', 'g', '--promql', 'a=b'], /belong together/],
    [['--url', 'http://a', '--gates', 'g', '--timeout', '0'], /--timeout: expected seconds/],
    [['--url', 'http://a', '--gates', 'g', '--expect', 'OK'], /--expect: expected \/regex\//],
    [['--url', 'http://a', '--gates', 'g', '--nothing'], /Unknown option '--nothing'/],
  ])('says what is wrong: %j', (args, message) => {
    expect(readArguments(args)).toMatchObject({
      kind: 'wrong',
      message: expect.stringMatching(message),
    });
  });
});
