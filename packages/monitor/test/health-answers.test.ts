import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { bodyPattern, type HttpHealthOptions, httpHealth, isMonitorError } from '../src/index.ts';

const never = new AbortController().signal;
const ok = '{"status":"OK","version":"1.0"}';
const strict = { expect: { status: 'OK' }, version: { field: 'version', expected: '1.0' } };
const bodyIs = (body: unknown) => ({ expect: { body } });

/** Answers 406 to who does not take this type, as JAX-RS, Spring and ASP.NET can be told to. */
const startStrict = (type: string, body: string | Buffer, status = 200) =>
  startHttpServer(({ headers }, response) => {
    const accept = headers.accept ?? '*/*';
    const takes = accept.includes('*/*') || accept.includes(type);
    response
      .writeHead(takes ? status : 406, { 'content-type': type })
      .end(takes ? body : 'Not Acceptable');
  });

describe('an answer as people serve it', () => {
  const cases: [string, string, string | Buffer, Partial<HttpHealthOptions>, true | RegExp][] = [
    ['plain text, nothing expected', 'text/plain', 'OK', {}, true],
    ['plain text, `{}` expected', 'text/plain', 'OK', { expect: {} }, true],
    ['an empty body', 'text/plain', '', { expect: {} }, true],
    ['health+json', 'application/health+json', ok, strict, true],
    ['a byte order mark before the JSON', 'application/json', `\ufeff${ok}`, strict, true],
    ['JSON that calls itself text', 'text/plain', ok, strict, true],
    [
      'a page in HTML where JSON is expected',
      'text/html',
      '<html>Back soon</html>',
      strict,
      /^the answer is not JSON$/,
    ],
    [
      'another version',
      'application/json',
      '{"status":"OK","version":"0.9"}',
      strict,
      /^wrong version: 0\.9/,
    ],
    ['text that fits', 'text/plain', 'imok\n', bodyIs(/^imok$/m), true],
    ['text with a line feed behind it', 'text/plain', 'OK\n', bodyIs('/^OK$/'), true],
    ['a pattern as text', 'text/plain', 'Healthy', bodyIs('/^healthy$/i'), true],
    [
      'text that does not fit',
      'text/plain',
      'starting',
      bodyIs('/^imok$/'),
      /^the answer is "starting", expected \/\^imok\$\/$/,
    ],
    [
      'a pattern that would not end',
      'text/plain',
      `${'a'.repeat(5000)}b`,
      bodyIs('/^(a+)+$/'),
      /takes too long on this answer/,
    ],
    ['a pattern that remembers (g) is asked anew', 'text/plain', 'OK', bodyIs(/OK/gy), true],
    [
      'a pattern beside fields',
      'application/json',
      ok,
      { expect: { body: '/OK/', status: 'OK' } },
      true,
    ],
    [
      'fields that do not hold beside it',
      'application/json',
      ok,
      { expect: { body: '/OK/', status: 'UP' } },
      /^status is "OK", expected "UP"$/,
    ],
    ['a field that is called body', 'application/json', '{"body":"well"}', bodyIs('well'), true],
    [
      'only the first 64 Ki characters are matched',
      'text/plain',
      `${' '.repeat(65_536)}OK`,
      bodyIs('/OK/'),
      /expected \/OK\//,
    ],
  ];
  it.each(cases)('%s', async (_, type, body, options, expected) => {
    const { url } = await startStrict(type, body);
    const probe = httpHealth({ url, timeoutMs: 5000, ...options });
    for (const _again of [1, 2]) {
      const reading = await probe.check(never);
      expect(reading.ok).toBe(expected === true);
      if (expected !== true) expect(reading.reason).toMatch(expected);
    }
  });

  it.each([
    [
      'problem+json',
      '{"type":"about:blank","title":"Down","detail":"no disk"}',
      'HTTP 503: no disk',
    ],
    ['health+json', '{"status":"fail","output":"redis: timeout"}', 'HTTP 503: redis: timeout'],
  ])('gives the reason of %s', async (type, body, reason) => {
    const { url } = await startStrict(`application/${type}`, body, 503);
    expect(await httpHealth({ url, timeoutMs: 5000 }).check(never)).toMatchObject({
      ok: false,
      reason,
    });
  });

  it('asks for JSON first, and can live with anything', async () => {
    const server = await startStrict('text/plain', 'OK');
    await httpHealth({ url: server.url, timeoutMs: 5000 }).check(never);
    expect(server.requests[0]?.headers.accept).toBe('application/json, */*;q=0.1');
  });

  it('refuses a pattern that is none, before it asks', () => {
    expect(() =>
      httpHealth({ url: 'http://127.0.0.1:9', timeoutMs: 1, expect: { body: '/(/' } }),
    ).toThrow('expect.body: /(/ is no regular expression');
    try {
      bodyPattern('/(/');
    } catch (error) {
      expect(isMonitorError(error) && error.code).toBe('bad-options');
    }
  });
});

describe('what an answer says of its process', () => {
  const start = async (values: unknown[]) => {
    let asked = 0;
    const server = await startHttpServer((_, response) => {
      response.end(JSON.stringify({ build: { started: values[asked++ % values.length] } }));
    });
    return { url: server.url, timeoutMs: 5000, process: 'build.started', target: 'shop' };
  };

  it.each([
    ['s', 1764000000, 1764000000],
    ['s with a fraction', 1764000000.5, 1764000000.5],
    ['ms', 1764000000500, 1764000000.5],
    ['a text of digits', '1764000000', 1764000000],
    ['RFC 3339', '2025-11-24T16:00:00.250Z', 1764000000.25],
  ])('is its start time: %s', async (_, value, startTime) => {
    const options = await start([value]);
    expect(await httpHealth(options).check(never)).toMatchObject({
      ok: true,
      processes: { shop: startTime },
    });
  });

  it('or the name of an instance, which keeps its time when it comes back, over a resume too', async () => {
    const options = await start(['pod-a', 'pod-b', 'pod-a']);
    const probe = httpHealth(options);
    const [a, b, again] = [
      await probe.check(never),
      await probe.check(never),
      await probe.check(never),
    ];
    expect(a).toMatchObject({ instance: 'pod-a', processes: { shop: expect.any(Number) } });
    expect(b.instance).toBe('pod-b');
    expect(b.processes).not.toEqual(a.processes);
    expect(again.processes).toEqual(a.processes);
    const resumed = httpHealth({ ...options, past: [{ at: 5000, health: a }] });
    expect((await resumed.check(never)).processes).toEqual({ shop: 5 });
  });

  it('is nothing where the answer says nothing, and no reason to be unwell', async () => {
    const { url, ...options } = await start([null, '', undefined]);
    const text = await startStrict('text/plain', 'OK');
    for (const asked of [url, url, url, text.url]) {
      const reading = await httpHealth({ ...options, url: asked }).check(never);
      expect(reading).toMatchObject({ ok: true });
      expect(reading).not.toHaveProperty('processes');
    }
  });
});
