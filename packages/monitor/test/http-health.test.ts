import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import {
  controlHasSucceeded,
  type HealthReading,
  type HttpHealthOptions,
  httpHealth,
} from '../src/index.ts';

const never = new AbortController().signal;

/** A service that answers `status` and `body`; both can be changed while it runs. */
const startService = async (status = 200, body: unknown = { status: 'OK', version: '1.2' }) => {
  const answer = { status, body };
  const server = await startHttpServer((_, response) => {
    response.writeHead(answer.status, { 'content-type': 'application/json', location: '/login' });
    response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
  });
  return { ...server, answer };
};

describe('one check', () => {
  const expectOk = { expect: { status: 'OK' } };
  const version = { field: 'version', expected: '1.2' };
  const cases: [string, number, unknown, Partial<HttpHealthOptions>, true | RegExp][] = [
    ['2xx is enough where nothing is expected', 204, '', {}, true],
    ['as expected', 200, { status: 'OK', more: 1 }, expectOk, true],
    ['another value', 200, { status: 'BAD' }, expectOk, /^status is "BAD", expected "OK"$/],
    ['a missing field', 200, {}, expectOk, /^status is nothing, expected "OK"$/],
    [
      'an inner field',
      200,
      { db: { ok: false } },
      { expect: { db: { ok: true } } },
      /^db\.ok is false/,
    ],
    [
      'an inner object missing',
      200,
      { db: 1 },
      { expect: { db: { ok: true } } },
      /^db: expected an object/,
    ],
    ['a list', 200, { parts: ['a'] }, { expect: { parts: ['a', 'b'] } }, /^parts is \["a"\]/],
    ['no JSON', 200, '<html>', expectOk, /^the answer is not JSON$/],
    ['no object', 200, '[]', expectOk, /expected an object/],
    ['nothing inherited counts', 200, {}, { expect: { toString: {} } }, /expected an object/],
    [
      '503 with its reason',
      503,
      { reason: 'library.db is read-only' },
      {},
      /^HTTP 503: library\.db is read-only$/,
    ],
    ['control characters out', 500, { error: 'a\u001b[2Jb' }, {}, /^HTTP 500: a \[2Jb$/],
    ['a redirect is not followed', 302, '', {}, /^HTTP 302 \(redirects are not followed\)$/],
    ['200 is the first OK', 200, '', {}, true],
    ['300 is the first not OK', 300, '', {}, /^HTTP 300/],
    ['the right version', 200, { version: '1.2' }, { version }, true],
    [
      'the old version',
      200,
      { version: '1.1' },
      { version },
      /^wrong version: 1\.1, expected 1\.2$/,
    ],
    ['no version', 200, {}, { version }, /^wrong version: nothing, expected 1\.2$/],
    [
      'a number is no version text',
      200,
      { version: 1.2 },
      { version },
      /^wrong version: 1\.2, expected 1\.2$/,
    ],
    [
      'an inner version',
      200,
      { build: { v: '1.2' } },
      { version: { field: 'build.v', expected: '1.2' } },
      true,
    ],
    [
      'a key with a dot',
      200,
      { 'build.v': '1.2' },
      { version: { field: 'build.v', expected: '1.2' } },
      true,
    ],
  ];
  it.each(cases)('%s', async (_, status, body, options, expected) => {
    const service = await startService(status, body);
    const reading = await httpHealth({ url: service.url, timeoutMs: 2000, ...options }).check(
      never,
    );
    expect(reading).toMatchObject({ ok: expected === true, status, ms: expect.any(Number) });
    if (expected !== true) expect(reading.reason).toMatch(expected);
    expect(service.requests).toHaveLength(1);
    expect(service.requests[0]?.headers.connection).toBe('close');
  });

  it('is not OK when nothing listens, in one sentence', async () => {
    const service = await startService();
    await service.close();
    const reading = await httpHealth({ url: service.url, timeoutMs: 2000 }).check(never);
    expect(reading).toEqual({
      ok: false,
      ms: expect.any(Number),
      reason: expect.stringMatching(/ECONNREFUSED/),
    });
  });

  it('is not OK when the answer, or its body, does not end within the timeout', async () => {
    for (const head of [false, true]) {
      const hanging = await startHttpServer((_, response) => {
        if (head) response.writeHead(200).write('{');
      });
      const reading = await httpHealth({ url: hanging.url, timeoutMs: 60 }).check(never);
      expect(reading).toMatchObject({ ok: false, reason: 'no whole answer within 60 ms' });
      await hanging.close();
    }
  });

  it('holds the timeout even where an injected fetch does not listen', async () => {
    const fetch = () => new Promise<Response>(() => undefined);
    const reading = await httpHealth({ url: 'http://service.test/', timeoutMs: 20, fetch }).check(
      never,
    );
    expect(reading).toMatchObject({ ok: false, reason: 'no whole answer within 20 ms' });
  });

  it('asks once, also where the network fails', async () => {
    let asked = 0;
    const fetch = async () => {
      asked += 1;
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error(''), { code: 'ECONNRESET' }),
      });
    };
    const url = 'http://service.test/';
    expect(await httpHealth({ url, timeoutMs: 9000, fetch }).check(never)).toEqual({
      ok: false,
      ms: expect.any(Number),
      reason: 'ECONNRESET',
    });
    expect(asked).toBe(1);
  });

  it('sends the credentials of an address as a header, and says nothing of them', async () => {
    const service = await startService(401, '');
    const url = service.url.replace('http://', 'http://ops:p%40ss@');
    const reading = await httpHealth({ url, timeoutMs: 2000 }).check(never);
    expect(service.requests[0]?.headers.authorization).toBe(`Basic ${btoa('ops:p@ss')}`);
    expect(JSON.stringify(reading)).not.toMatch(/p@ss|p%40ss/);
  });

  it('says what is wrong with credentials that can not be decoded, and says nothing of them', async () => {
    const url = 'http://ops:CANARY%@127.0.0.1:9/';
    expect(await httpHealth({ url, timeoutMs: 2000 }).check(never)).toMatchObject({
      ok: false,
      reason:
        'its address has a % in its user or password that stands for nothing; write %25 for a %',
    });
  });

  it('rejects with the reason when aborted', async () => {
    const hanging = await startHttpServer(() => undefined);
    const abort = new AbortController();
    const checked = httpHealth({ url: hanging.url, timeoutMs: 5000 }).check(abort.signal);
    abort.abort(new Error('stop'));
    await expect(checked).rejects.toThrow('stop');
  });
});

describe('control check', () => {
  const setUp = async (options: Partial<HttpHealthOptions> = {}) => {
    const service = await startService();
    const control = await startService(200, '');
    const probe = httpHealth({
      url: service.url,
      timeoutMs: 2000,
      headers: { authorization: 'Bearer secret' },
      control: control.url,
      ...options,
    });
    return { service, control, probe };
  };

  it('makes a failing check unknown only once the control has succeeded', async () => {
    const { service, control, probe } = await setUp();
    service.answer.status = control.answer.status = 503;
    expect(await probe.check(never)).toMatchObject({ ok: false, control: 'failed' });
    control.answer.status = 200;
    expect(await probe.check(never)).toMatchObject({ ok: false, control: 'ok' });
    control.answer.status = 503;
    expect(await probe.check(never)).toMatchObject({
      ok: null,
      reason: 'not known, the control check failed too (HTTP 503)',
    });
    service.answer.status = 200;
    expect(await probe.check(never)).toMatchObject({ ok: true });
  });

  it('asks the control only when needed once it has succeeded, and never with our headers', async () => {
    const { service, control, probe } = await setUp();
    await probe.check(never);
    await probe.check(never);
    expect(control.requests).toHaveLength(1);
    service.answer.status = 500;
    await probe.check(never);
    expect(control.requests).toHaveLength(2);
    expect(control.requests.map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      undefined,
    ]);
    expect(service.requests[0]?.headers.authorization).toBe('Bearer secret');
  });

  it('remembers over a resume by what the log holds', async () => {
    expect(
      controlHasSucceeded([
        { at: 0, health: { ok: true } },
        { at: 1, missed: 'asleep' },
      ]),
    ).toBe(false);
    const unknown: HealthReading = { ok: null, control: 'failed' };
    expect(controlHasSucceeded([{ at: 0, health: unknown }])).toBe(true);
    // Not known by its certificate alone.
    const ended: HealthReading = { ok: null, certificate: 'ended' };
    expect(controlHasSucceeded([{ at: 0, health: ended }])).toBe(false);
    const { service, control, probe } = await setUp();
    const past = [{ at: 0, health: await probe.check(never) }];
    expect(controlHasSucceeded(past)).toBe(true);
    service.answer.status = control.answer.status = 503;
    const resumed = httpHealth({
      url: service.url,
      timeoutMs: 2000,
      control: control.url,
      controlSucceeded: controlHasSucceeded(past),
    });
    expect(await resumed.check(never)).toMatchObject({ ok: null });
  });
});
