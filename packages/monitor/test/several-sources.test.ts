import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import {
  combinedSource,
  httpHealth,
  jsonSource,
  prometheusSource,
  replicasHealth,
  type Source,
  takeSample,
  targetsSource,
} from '../src/index.ts';
import { selecting } from './support/page.ts';

const never = new AbortController().signal;
const of = (metrics: Record<string, unknown>, more: Record<string, unknown> = {}): Source => ({
  read: async () => ({ metrics, ...more }),
});
const failing = (message: string): Source => ({ read: () => Promise.reject(new Error(message)) });

describe('several replicas', () => {
  it('are asked each by itself: series, start times and reasons stand under their target', async () => {
    const source = targetsSource({
      a: of({ hits: 1, 't{x="1"}': 2 }, { processes: { a: 100 }, known: ['errors'] }),
      b: of(
        { hits: null, 'hits{instance="own"}': 4 },
        { processes: { b: 200 }, unread: { hits: 'its value is NaN' }, doubts: ['line 3: odd'] },
      ),
      c: failing('metrics: HTTP 503'),
    });
    expect(await source.read(never)).toMatchObject({
      metrics: {
        'hits{instance="a"}': 1,
        't{instance="a",x="1"}': 2,
        'hits{instance="b"}': null,
        'hits{exported_instance="own",instance="b"}': 4,
      },
      processes: { a: 100, b: 200 },
      known: ['errors'],
      unread: { 'hits{instance="b"}': 'b: its value is NaN' },
      doubts: ['b: line 3: odd'],
      failed: ['c: metrics: HTTP 503'],
    });
  });

  it('have no reading where none answers', async () => {
    const source = targetsSource({ a: failing('HTTP 500'), b: failing('ECONNREFUSED') });
    await expect(source.read(never)).rejects.toThrow('a: HTTP 500; b: ECONNREFUSED');
  });

  it('are well where all known ones are, and each has its own check', async () => {
    const statuses: Record<string, number> = { a: 200, b: 200 };
    const servers = await Promise.all(
      ['a', 'b'].map((name) =>
        startHttpServer((_, response) => {
          response
            .writeHead(statuses[name] ?? 500)
            .end(`{"startedAt":"2026-11-24T02:00:0${name === 'a' ? 0 : 1}Z"}`);
        }),
      ),
    );
    const [a, b] = servers.map(({ url }, index) =>
      httpHealth({ url, timeoutMs: 2000, process: 'startedAt', target: 'ab'[index] }),
    );
    if (a === undefined || b === undefined) throw new Error('two servers');
    const health = replicasHealth({ a, b });
    const take = () => takeSample({ at: 7, health, source: null, signal: never });
    expect(await take()).toMatchObject({
      health: { ok: true },
      replicas: { a: { ok: true, status: 200 }, b: { ok: true } },
      processes: { a: 1795485600, b: 1795485601 },
    });
    statuses['b'] = 503;
    expect(await take()).toMatchObject({
      health: { ok: false, reason: 'b: HTTP 503' },
      replicas: { a: { ok: true }, b: { ok: false, status: 503, reason: 'HTTP 503' } },
    });
    const unknown = { check: async () => ({ ok: null, reason: 'not known' }) };
    expect(await replicasHealth({ a, c: unknown }).check(never)).toMatchObject({ ok: true });
    expect(await replicasHealth({ c: unknown }).check(never)).toMatchObject({
      ok: null,
      reason: 'c: not known',
    });
  });
});

it('of several replicas none is known where the source outside is gone too', async () => {
  const down = { check: async () => ({ ok: false, reason: 'ECONNREFUSED' }) };
  const up = { check: async () => ({ ok: true }) };
  const source: Source = { ...failing('ECONNREFUSED'), isOut: () => true };
  const health = replicasHealth({ a: down, b: up });
  expect(await takeSample({ at: 7, health, source, signal: never })).toMatchObject({
    health: { ok: null },
    replicas: { a: { ok: null, reason: expect.stringContaining('failed too') }, b: { ok: true } },
  });
});

it('a replica that is watched again remembers its own checks', async () => {
  const server = await startHttpServer((_, response) => {
    response.end('{"pod":"a"}');
  });
  const past = [
    { at: 5000, health: { ok: false }, replicas: { one: { ok: true, instance: 'a' } } },
  ];
  const probe = httpHealth({
    url: server.url,
    timeoutMs: 2000,
    process: 'pod',
    target: 'one',
    past,
  });
  expect((await probe.check(never)).processes).toEqual({ one: 5 });
});

describe('several sources', () => {
  it('give what each knows; one that fails is named and the others go on', async () => {
    const source = combinedSource({
      page: of({ hits: 1, queue: null }),
      json: of({ queue: 5, hits: 9 }),
      prometheus: failing('ECONNREFUSED'),
    });
    const health = { check: async () => ({ ok: true }) };
    expect(await takeSample({ at: 7, health, source, signal: never })).toMatchObject({
      metrics: { hits: 1, queue: 5 },
      metricsError: 'prometheus: ECONNREFUSED',
    });
  });
});

it('beside a Prometheus no start times are given: its series are of no one process', async () => {
  const page = of({ hits: 1 }, { processes: { shop: 100 } });
  const json = of({ queue: 5 });
  expect(await combinedSource({ page, json }).read(never)).toMatchObject({
    processes: { shop: 100 },
  });
  const outside: Source = { ...of({ total: 9 }), isOut: () => false };
  expect(await combinedSource({ page, outside }).read(never)).not.toHaveProperty('processes');
});

describe('a source at an address of its own', () => {
  it('is asked with headers and a token that is read anew each time, and shows neither', async () => {
    const file = join(await tempFolder(), 'token');
    const server = await startHttpServer((request, response) => {
      const isKnown =
        request.headers.authorization === 'Bearer second' && request.headers['x-scope'] === 'shop';
      response.writeHead(isKnown ? 200 : 401).end('queue_length 100\n');
    });
    const source = prometheusSource({
      url: `${server.url}/metrics`,
      timeoutMs: 2000,
      bearerFile: file,
      headers: { 'X-Scope': 'shop' },
    });
    await writeFile(file, 'first\n');
    await expect(source.read(never)).rejects.toThrow('metrics: HTTP 401');
    await writeFile(file, 'second\n');
    expect((await source.read(never)).metrics).toEqual({ queue_length: 100 });
    expect(server.requests[0]?.headers['x-prometheus-scrape-timeout-seconds']).toBe('2');
  });

  it.each([
    [
      'a line feed in a header',
      async () => ({ headers: { authorization: 'Bearer s3cret\nx' } }),
      /^header authorization: its value holds a line feed/,
    ],
    [
      'a character beyond a byte',
      async () => ({ headers: { 'x-key': 's3cretλ' } }),
      /^header x-key/,
    ],
    ['no name of a header', async () => ({ headers: { 'x key': 's3cret' } }), /"x key" is no name/],
    ['no file', async () => ({ bearerFile: '/nowhere/token' }), /^bearerFile: .*ENOENT/],
    ['an empty file', async () => ({ bearerFile: '/dev/null' }), /is empty/],
    [
      'no file of authorities',
      async () => ({ tls: { caFile: '/nowhere/ca.pem' } }),
      /^tls.ca: .*ENOENT/,
    ],
  ])('says what can not be sent, and not the secret: %s', async (_, options, message) => {
    const source = prometheusSource({
      url: 'http://127.0.0.1:9/',
      timeoutMs: 2000,
      ...(await options()),
    });
    const error = await source.read(never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'bad-options', message: expect.stringMatching(message) });
    expect(String(error)).not.toContain('s3cret');
  });
});

describe('a path in JSON', () => {
  const page = {
    queue: { length: 4, 'by.kind': [{ n: 1 }, { n: 2 }] },
    plain: 7,
    'dotted.name': 8,
    started: 1764000000123,
    text: 'x',
  };
  it('finds any number; what is not there has a reason', async () => {
    const server = await startHttpServer((_, response) => {
      response.end(JSON.stringify(page));
    });
    const source = jsonSource({
      url: server.url,
      timeoutMs: 2000,
      target: 'service',
      processStart: 'started',
      values: {
        length: 'queue.length',
        second: 'queue.by.kind[1].n',
        dotted: 'dotted.name',
        gone: 'queue.gone.0',
      },
      selection: selecting('length', 'second', 'dotted', 'gone', 'plain'),
    });
    expect(await source.read(never)).toMatchObject({
      metrics: { length: 4, dotted: 8, plain: 7 },
      processes: { service: 1764000000.123 },
      unread: { gone: 'the answer has nothing at queue.gone.0' },
    });
  });

  it('goes into a list', async () => {
    const server = await startHttpServer((_, response) => {
      response.end('[{"n": 5}, {"n": 6}]');
    });
    const source = jsonSource({ url: server.url, timeoutMs: 2000, values: { second: '[1].n' } });
    expect((await source.read(never)).metrics).toEqual({ second: 6 });
  });
});
