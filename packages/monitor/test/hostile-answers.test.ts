import { createGzip, gzipSync } from 'node:zlib';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { httpHealth, jsonSource, prometheusSource } from '../src/index.ts';
import { openMetrics, read, selecting } from './support/page.ts';

/*
 * Whatever a service answers, a poll ends. Each shape fills the largest body there may be. What is quadratic in one of
 * these does not end within the time of a test: 16 MB squared are weeks.
 */
const bytes = 16 * 1024 * 1024 - 1024;
const fill = (part: string): string => part.repeat(Math.floor(bytes / part.length));

const shapes: [string, string][] = [
  ['digits, then a letter', `a ${fill('1')}x\n`],
  ['digits behind a point', `a 1.${fill('1')}x\n`],
  ['digits that are a number', `a 1.${fill('1')}\n`],
  ['digits of an exponent', `a 1e${fill('9')}\n`],
  ['digits of a timestamp', `a 1 ${fill('0')}x\n`],
  ['a name without end', `${fill('a')}\n`],
  ['a long name', `${fill('a')} 1\n`],
  ['a name of endings', `${fill('_bucket')} 1\n`],
  [
    'many labels',
    `a{${Array.from({ length: bytes / 16 }, (_, index) => `l${index}="v"`).join(',')}} 1\n`,
  ],
  ['one label over and over', `a{${fill('x="1",')}} 1\n`],
  ['empty labels', `a{${fill('x="",')}} 1\n`],
  ['a long label', `a{x="${fill('v')}"} 1\n`],
  ['escapes', `a{x="${fill('\\\\')}"} 1\n`],
  ['quotes', `a{x=${fill('"')}} 1\n`],
  ['an open quote', `a{x="${fill('v,')}\n`],
  ['quotes over many lines', `a{x="${fill('v\n')}\n`],
  ['braces', `a${fill('{')}\n`],
  ['blanks', `a ${fill(' ')}x\n`],
  ['blanks in front', `${fill('\t')}a 1\n`],
  ['empty lines', fill('\n')],
  ['tiny lines', fill('a 1\n')],
  ['comments', fill('#\n')],
  ['a long comment', `# ${fill('HELP ')}\n`],
  ['a long HELP', `# HELP a ${fill('\\n')}\n`],
  ['blanks behind a TYPE', `# TYPE a${fill(' ')}\n`],
  [
    'declared families',
    Array.from({ length: bytes / 24 }, (_, index) => `# TYPE a${index} counter\n`).join(''),
  ],
  [
    'buckets',
    Array.from({ length: bytes / 24 }, (_, index) => `a_bucket{le="${index}"} 1\n`).join(''),
  ],
  ['names', Array.from({ length: bytes / 12 }, (_, index) => `a${index} 1\n`).join('')],
  ['bytes that are no text', Buffer.alloc(bytes, 0xff).toString('latin1')],
  ['bytes 0', fill('\0')],
];

/** Reads it as each format, by selectors and whole; what comes of it does not matter. */
const readEverywhere = (page: string): void => {
  for (const [contentType, selection] of [
    [null, selecting('a{x!="2"}', 'histogram a')],
    [openMetrics, 'everything'],
  ] as const) {
    try {
      read(Buffer.from(page, 'latin1'), { contentType, selection });
    } catch (error) {
      expect(error).toMatchObject({
        code: 'bad-metrics',
        message: expect.stringMatching(/^.{1,400}$/s),
      });
    }
  }
};

describe('a page of 16 MB', () => {
  it.each(shapes)('%s', (_, page) => readEverywhere(page));

  it('keeps no more of it than is bounded', () => {
    const [, names = ''] = shapes.find(([name]) => name === 'names') ?? [];
    const { metrics, names: found, doubts } = read(names);
    expect(Object.keys(metrics)).toHaveLength(10_000);
    expect(found.size).toBe(20_000);
    expect(doubts).toEqual(['over 10000 series, the rest is left out']);
  });
});

describe('an answer', () => {
  const never = new AbortController().signal;

  it('that is a bomb when unpacked is too large, as metrics and as health', async () => {
    const bomb = gzipSync(Buffer.alloc(256 * 1024 * 1024, 0x31));
    const server = await startHttpServer((_, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb);
    });
    const options = { url: server.url, timeoutMs: 60_000 };
    for (const source of [prometheusSource(options), jsonSource(options)])
      await expect(source.read(never)).rejects.toMatchObject({ code: 'too-large' });
    // Health is read no further than a mebibyte, of which a 2xx needs nothing.
    expect(await httpHealth(options).check(never)).toMatchObject({ ok: true });
    const strict = httpHealth({ ...options, expect: { status: 'OK' } });
    expect(await strict.check(never)).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/larger than 1048576 bytes/),
    });
  });

  it('whose labels make a gate’s own pattern run for ever ends with the timeout', async () => {
    const server = await startHttpServer((_, response) => {
      response.end(`a{route="/${'a'.repeat(60)}!"} 1\nb 2\n`);
    });
    const options = {
      url: server.url,
      timeoutMs: 3000,
      selection: selecting('a{route=~"(/?[a-z]+)+"}', 'b'),
    };
    const timeout = {
      code: 'timeout',
      message: expect.stringContaining('takes too long on its labels'),
    };
    await expect(prometheusSource(options).read(never)).rejects.toMatchObject(timeout);
    // The next poll is none the worse for it.
    const plain = prometheusSource({ ...options, selection: selecting('b') });
    expect((await plain.read(never)).metrics).toEqual({ b: 2 });
  });

  it('that never ends its line ends with the timeout, packed or not', async () => {
    for (const isPacked of [false, true]) {
      const server = await startHttpServer((_, response) => {
        response.writeHead(200, isPacked ? { 'content-encoding': 'gzip' } : {});
        const out = isPacked ? createGzip({ flush: 2 }) : response;
        if (isPacked) out.pipe?.(response);
        out.write('a 1');
      });
      const reading = prometheusSource({ url: server.url, timeoutMs: 200 }).read(never);
      await expect(reading).rejects.toMatchObject({ code: 'timeout' });
      const check = await httpHealth({ url: server.url, timeoutMs: 200 }).check(never);
      expect(check).toMatchObject({ ok: false, reason: 'no whole answer within 200 ms' });
    }
  });

  it.each([
    ['digits, then a letter', `${fill('1')}x`],
    ['digits', fill('1')],
    ['nested lists', fill('[')],
    ['nested and whole', `${'['.repeat(bytes / 2)}${']'.repeat(bytes / 2)}`],
    [
      'nested under the field',
      `{"status":${'['.repeat(bytes / 2 - 8)}${']'.repeat(bytes / 2 - 8)}}`,
    ],
    ['a long field', `{"status":"${fill('1')}"}`],
    ['a long reason', `{"reason":"${fill('\\u0001')}"}`],
    ['many fields', `{${fill('"status":1,')}"a":1}`],
  ])('as health or as JSON of 16 MB: %s', async (_, body) => {
    const server = await startHttpServer((request, response) => {
      response.writeHead(request.url === '/503' ? 503 : 200).end(body);
    });
    const options = {
      timeoutMs: 60_000,
      expect: { status: 'OK' },
      version: { field: 'version', expected: '1' },
    };
    for (const path of ['/', '/503']) {
      const check = await httpHealth({ ...options, url: server.url + path }).check(never);
      expect(check).toMatchObject({ ok: false, reason: expect.stringMatching(/^.{1,400}$/s) });
    }
    const reading = jsonSource({ url: server.url, timeoutMs: 60_000, values: { a: 'b.0' } }).read(
      never,
    );
    // JSON is read up to 4 MiB: nested lists take seconds beyond that.
    await expect(reading).rejects.toMatchObject({ code: 'too-large' });
  });
});
