import type { ServerResponse } from 'node:http';
import { canary, startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

type Answer = {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
};
type HttpType = 'slack' | 'teams' | 'discord' | 'webhook';

const answer = (response: ServerResponse, { status, body = '', headers = {} }: Answer): void => {
  response.writeHead(status, headers);
  response.end(body);
};

const ok: Readonly<Record<HttpType, Answer>> = {
  slack: { status: 200, body: 'ok', headers: { 'content-type': 'text/html' } },
  teams: { status: 202 },
  discord: { status: 200, body: '{"id":"1"}', headers: { 'content-type': 'application/json' } },
  webhook: { status: 204 },
};

/** A server that gives these answers in turn, then the type's success. */
const serve = async (type: HttpType, answers: readonly Answer[]) => {
  const times: number[] = [];
  let now = (): number => 0;
  const server = await startHttpServer((_request, response) => {
    times.push(now());
    answer(response, answers[times.length - 1] ?? ok[type]);
  });
  const kit = await startNotifier([httpChannel(type, server.url)]);
  now = () => kit.clock.now();
  return { server, times, ...kit };
};

const connectorError = (status: number): Answer => ({
  status: 200,
  body: `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId tcid=0,server=X,cv=Y..`,
});

describe('success is what the contract says', () => {
  it.each<[string, HttpType, Answer, object]>([
    ['Slack ok', 'slack', ok.slack, { status: 'delivered', attempts: 1 }],
    [
      'Slack ok in JSON',
      'slack',
      { status: 200, body: '{"ok":true}', headers: { 'content-type': 'application/json' } },
      { status: 'delivered' },
    ],
    [
      'Slack 200 invalid_payload',
      'slack',
      { status: 200, body: 'invalid_payload' },
      { status: 'dead', reason: expect.stringContaining('invalid_payload') },
    ],
    [
      'Slack JSON ok:false',
      'slack',
      {
        status: 200,
        body: '{"ok":false,"error":"no_text"}',
        headers: { 'content-type': 'application/json' },
      },
      { status: 'dead', reason: expect.stringContaining('no_text') },
    ],
    [
      'Slack 404 no_service',
      'slack',
      { status: 404, body: 'no_service' },
      { status: 'dead', attempts: 1, reason: expect.stringContaining('404 no_service') },
    ],
    ['Teams 202, empty', 'teams', { status: 202 }, { status: 'accepted' }],
    ['Teams 200, body 1', 'teams', { status: 200, body: '1' }, { status: 'delivered' }],
    [
      'Teams 413 in a 200',
      'teams',
      connectorError(413),
      { status: 'dead', attempts: 1, reason: expect.stringContaining('413') },
    ],
    ['Teams 400 in a 200', 'teams', connectorError(400), { status: 'dead' }],
    ['Discord 204', 'discord', { status: 204 }, { status: 'delivered' }],
    ['Discord 200 with a message', 'discord', ok.discord, { status: 'delivered', receipt: '1' }],
    ['webhook 410', 'webhook', { status: 410 }, { status: 'dead', attempts: 1 }],
    ['webhook 501', 'webhook', { status: 501 }, { status: 'dead', attempts: 1 }],
    [
      'webhook 413 with Retry-After',
      'webhook',
      { status: 413, headers: { 'retry-after': '1' } },
      { status: 'dead', attempts: 1 },
    ],
  ])('%s', async (_name, type, given, expected) => {
    const { notifier, server, spooled } = await serve(type, [given]);
    expect(await notifier.send(message())).toMatchObject([{ channel: type, ...expected }]);
    expect(server.requests).toHaveLength(1);
    expect(await spooled()).toEqual([]);
  });

  it('asks Discord to wait, and sends what the renderer made', async () => {
    const { notifier, server } = await serve('discord', []);
    await notifier.send(message({ summary: '@everyone' }));
    expect(server.requests[0]?.url).toBe(`/hook/${canary}?wait=true`);
    expect(server.requests[0]?.body).toContain('"allowed_mentions":{"parse":[]}');
  });
});

describe('what is worth another try', () => {
  it.each<[string, HttpType, Answer, number]>([
    ['Slack 500 rollup_error', 'slack', { status: 500, body: 'rollup_error' }, 0],
    ['Retry-After in seconds', 'slack', { status: 429, headers: { 'retry-after': '1' } }, 1000],
    [
      'Retry-After with a decimal',
      'slack',
      { status: 429, headers: { 'retry-after': '0.7' } },
      700,
    ],
    ['Retry-After on a 500', 'webhook', { status: 500, headers: { 'retry-after': '3' } }, 3000],
    [
      'Retry-After as a date',
      'webhook',
      { status: 503, headers: { 'retry-after': 'Mon, 23 Nov 2026 20:00:05 GMT' } },
      5000,
    ],
    [
      'Discord JSON before the header',
      'discord',
      { status: 429, body: '{"retry_after":6.457}', headers: { 'retry-after': '2' } },
      6457,
    ],
    [
      'X-RateLimit-Reset-After',
      'discord',
      { status: 429, headers: { 'x-ratelimit-reset-after': '4.25' } },
      4250,
    ],
    ['Teams 429 in a 200', 'teams', connectorError(429), 0],
    ['520', 'webhook', { status: 520 }, 0],
    ['408', 'webhook', { status: 408 }, 0],
  ])('%s', async (_name, type, given, leastMs) => {
    const { notifier, times } = await serve(type, [given]);
    const [receipt] = await notifier.send(message());
    expect(receipt).toMatchObject({ attempts: 2 });
    expect(['delivered', 'accepted']).toContain(receipt?.status);
    const gapMs = (times[1] ?? 0) - (times[0] ?? 0);
    expect(gapMs).toBeGreaterThanOrEqual(leastMs);
    expect(gapMs).toBeLessThanOrEqual(Math.max(leastMs, 500) + 2);
  });

  it('gives up after five tries and keeps the message', async () => {
    const { notifier, server, spooled } = await serve('webhook', Array(9).fill({ status: 503 }));
    expect(await notifier.send(message())).toMatchObject([{ status: 'spooled', attempts: 5 }]);
    expect(server.requests).toHaveLength(5);
    expect(await spooled()).toEqual(['run-1-gate-break.webhook.json']);
  });

  it('does not wait for a hint beyond its budget: one request, spooled at once', async () => {
    const { notifier, server, clock, everything } = await serve('slack', [
      { status: 429, headers: { 'retry-after': '3600' } },
    ]);
    expect(await notifier.send(message(), { budgetMs: 5000 })).toMatchObject([
      { status: 'spooled', attempts: 1 },
    ]);
    expect(clock.now()).toBe(startMs);
    expect(server.requests).toHaveLength(1);
    expect(await everything()).toContain(`"notBefore": ${startMs + 3_600_000}`);
  });

  it.each([302, 307])('refuses a %i and never goes where it points', async (status) => {
    const evil = await startHttpServer((_request, response) => answer(response, { status: 200 }));
    const { notifier, server } = await serve('webhook', [
      { status, headers: { location: evil.url } },
    ]);
    expect(await notifier.send(message())).toMatchObject([
      { status: 'dead', attempts: 1, reason: expect.stringContaining('redirect') },
    ]);
    expect(server.requests).toHaveLength(1);
    expect(evil.requests).toHaveLength(0);
  });
});

describe('an answer that does not come', () => {
  it.each<[string, (response: ServerResponse) => void, object]>([
    // Long enough that a busy machine has connected by then: before that, nothing can have arrived.
    ['hangs before its headers', () => undefined, { tryMs: 1000 }],
    [
      'hangs in its body',
      (response) => void response.writeHead(200, { 'content-length': '2' }).write('o'),
      { tryMs: 1000 },
    ],
    ['is cut off', (response) => void response.destroy(), {}],
  ])('%s: tried again, then kept as perhaps delivered', async (_name, fault, waits) => {
    const server = await startHttpServer((_request, response) => fault(response));
    const { notifier, everything } = await startNotifier([httpChannel('slack', server.url)], {
      retry: { tries: 2, backoffMs: 1, ...waits },
    });
    expect(await notifier.send(message())).toMatchObject([{ status: 'spooled', attempts: 2 }]);
    expect(await everything()).toContain('"isAmbiguous": true');
  });

  it('is followed by one more try in a chat, by all of them where copies are known by their id', async () => {
    const server = await startHttpServer((_request, response) => void response.destroy());
    const { notifier } = await startNotifier([
      httpChannel('slack', server.url),
      httpChannel('webhook', server.url),
    ]);
    expect(await notifier.send(message())).toMatchObject([{ attempts: 2 }, { attempts: 5 }]);
    expect((await notifier.flush()).receipts).toMatchObject([{ attempts: 1 }, { attempts: 5 }]);
  });

  it('is not forgotten when a later try is clearly refused: a chat still gets one try a flush', async () => {
    const state = { isCut: true };
    const server = await startHttpServer((_request, response) => {
      if (state.isCut) response.destroy();
      else response.writeHead(503).end();
    });
    const { notifier } = await startNotifier([httpChannel('slack', server.url)]);
    await notifier.send(message());
    state.isCut = false;
    await notifier.flush();
    state.isCut = true;
    expect((await notifier.flush()).receipts).toMatchObject([{ attempts: 1 }]);
  });

  it('is known not to have arrived where nobody listens', async () => {
    const server = await startHttpServer(() => undefined);
    await server.close();
    const { notifier, everything } = await startNotifier([httpChannel('slack', server.url)]);
    expect(await notifier.send(message())).toMatchObject([
      { status: 'spooled', reason: 'not reached (ECONNREFUSED)' },
    ]);
    expect(await everything()).toContain('"isAmbiguous": false');
  });

  it('ends with the caller, and the message is kept', async () => {
    const caller = new AbortController();
    const server = await startHttpServer(() => caller.abort());
    const { notifier, spooled } = await startNotifier([httpChannel('slack', server.url)]);
    expect(await notifier.send(message(), { signal: caller.signal })).toMatchObject([
      { status: 'spooled', attempts: 1, reason: 'cancelled' },
    ]);
    expect(await spooled()).toHaveLength(1);
  });
});

it('an answer without end is read as far as any vendor would say something', async () => {
  let written = 0;
  const server = await startHttpServer((_request, response) => {
    const more = () => {
      while (!response.destroyed) {
        written += 65_536;
        if (!response.write(Buffer.alloc(65_536, 'x'))) return;
      }
    };
    response.on('drain', more).on('error', () => undefined);
    more();
  });
  const { notifier } = await startNotifier([httpChannel('webhook', server.url)]);
  expect(await notifier.send(message())).toMatchObject([{ status: 'delivered', attempts: 1 }]);
  // What the system's buffers hold was written too.
  expect(written).toBeLessThan(16 * 2 ** 20);
});

it('many messages over one kept connection leave nothing on it', async () => {
  const { notifier } = await serve('webhook', []);
  const warnings: string[] = [];
  const hear = ({ message }: Error) => void warnings.push(message);
  process.on('warning', hear);
  try {
    for (let index = 0; index < 12; index++)
      await notifier.send(message({ id: `m${index}`, run: null }));
    // Warnings are told at the next turn.
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.off('warning', hear);
  }
  expect(warnings).toEqual([]);
});

describe('a signed webhook', () => {
  it('keeps id and bytes over retry and redelivery, and signs each try anew', async () => {
    const answers: Answer[] = [
      { status: 503, headers: { 'retry-after': '1' } },
      ...Array(4).fill({ status: 503, headers: { 'retry-after': '2' } }),
    ];
    let count = 0;
    const server = await startHttpServer((_request, response) =>
      answer(response, answers[count++] ?? { status: 200 }),
    );
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    const { notifier, clock } = await startNotifier([
      { ...httpChannel('webhook', server.url), type: 'webhook', secret } as const,
    ]);
    expect(await notifier.send(message())).toMatchObject([{ status: 'spooled', attempts: 5 }]);
    clock.advance(7_200_000);
    expect(await notifier.flush()).toMatchObject({ delivered: 1 });
    const { requests } = server;
    expect(requests).toHaveLength(6);
    const heard = (name: string) => new Set(requests.map(({ headers }) => headers[name]));
    expect(heard('webhook-id')).toEqual(new Set(['run-1-gate-break']));
    expect(new Set(requests.map(({ body }) => body)).size).toBe(1);
    expect(heard('webhook-timestamp').size).toBe(6);
    expect(heard('webhook-signature').size).toBe(6);
  });
});
