import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';
import { expiredFile } from './smtp-test-server.ts';

const hourMs = 3_600_000;

/** A chat that answers the first POST with a hint, and takes every later one. */
const limited = async (retryAfter: string) => {
  let count = 0;
  const server = await startHttpServer((_request, response) => {
    if (count++ === 0) response.writeHead(429, { 'retry-after': retryAfter }).end();
    else response.end('ok');
  });
  const kit = await startNotifier([httpChannel('slack', server.url)]);
  return { server, ...kit };
};

describe('a hold', () => {
  it.each([
    ['7200', 2 * hourMs],
    [String(startMs / 1000 + 7200), 2 * hourMs],
    ['4000000000', 24 * hourMs],
    ['100000000', 24 * hourMs],
  ])('after Retry-After: %s is %i ms long, to the end', async (retryAfter, ms) => {
    const { notifier, server, clock } = await limited(retryAfter);
    await notifier.send(message());
    expect((await notifier.status()).channels).toMatchObject([{ heldUntil: startMs + ms }]);
    clock.advance(ms - 1);
    await notifier.flush();
    expect(server.requests).toHaveLength(1);
    clock.advance(1);
    expect(await notifier.flush()).toMatchObject({ delivered: 1 });
  });

  it('is lifted by a person who says so, in this process and in another', async () => {
    const { notifier, server, folder } = await limited('7200');
    await notifier.send(message());
    expect(await notifier.flush()).toMatchObject({ spooled: 1 });
    expect(await notifier.flush({ mode: 'held-too' })).toMatchObject({ delivered: 1 });
    await notifier.send(message({ id: 'second' }));
    expect(server.requests).toHaveLength(3);

    const again = await limited('7200');
    await again.notifier.send(message());
    const other = await startNotifier([httpChannel('slack', again.server.url)], {
      folder: again.folder,
    });
    expect(await other.notifier.flush({ mode: 'held-too' })).toMatchObject({ delivered: 1 });
    expect(folder).not.toBe(again.folder);
  });

  it('that is lifted and asked for again holds again', async () => {
    const server = await startHttpServer(
      (_request, response) => void response.writeHead(429, { 'retry-after': '3600' }).end(),
    );
    const { notifier } = await startNotifier([httpChannel('slack', server.url)]);
    await notifier.send(message());
    await notifier.send(message({ id: 'second', run: null }));
    expect(await notifier.flush({ mode: 'held-too' })).toMatchObject({ spooled: 2 });
    expect(server.requests).toHaveLength(2);
  });

  it('of an older version, until 2083, counts for nothing', async () => {
    const { notifier, server, folder, spooled } = await limited('7200');
    await notifier.send(message());
    const file = join(folder, 'spool', (await spooled())[0] ?? '');
    const record = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...record, notBefore: Date.UTC(2083, 9, 29) }));
    const later = await startNotifier([httpChannel('slack', server.url)], { folder });
    expect((await later.notifier.status()).channels).toMatchObject([{ state: 'on' }]);
    expect(await later.notifier.flush()).toMatchObject({ delivered: 1 });
  });
});

it('a receiver whose certificate is over gets its message when it is renewed', async () => {
  const key = readFileSync(new URL('fixtures/tls/key.pem', import.meta.url));
  const server = createServer({ key, cert: readFileSync(expiredFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const { notifier } = await startNotifier([httpChannel('webhook', `https://127.0.0.1:${port}`)]);
  expect(await notifier.send(message())).toMatchObject([
    { status: 'spooled', attempts: 3, reason: expect.stringContaining('people are needed') },
  ]);
  expect((await notifier.status()).channels).toMatchObject([
    { needsPeople: expect.stringMatching(/^its certificate or TLS is not accepted \(/) },
  ]);
  expect(await notifier.flush()).toMatchObject({ spooled: 1, dead: 0 });
});

it('a file of a secret that is empty for a moment costs no message', async () => {
  const server = await startHttpServer((_request, response) => void response.end('ok'));
  const urlFile = join(await tempFolder(), 'url');
  await writeFile(urlFile, '');
  const { notifier } = await startNotifier([
    { type: 'slack', name: 'chat', urlFile, allowPrivate: true },
  ]);
  expect(await notifier.send(message())).toMatchObject([
    { status: 'spooled', reason: expect.stringMatching(/is empty.*people are needed/) },
  ]);
  await writeFile(urlFile, server.url);
  expect(await notifier.flush()).toMatchObject({ delivered: 1 });
});
