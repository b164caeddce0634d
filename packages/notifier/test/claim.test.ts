import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import type { SpoolRecord } from '../src/spool/record.ts';
import { openSpool } from '../src/spool/spool.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

const record = (id: string): SpoolRecord => ({
  format: 1,
  channel: 'webhook',
  message: message({ id }),
  createdAt: startMs,
  order: 0,
  attempts: 0,
  redeliveries: 0,
  notBefore: null,
  retryAt: startMs,
  reason: null,
  isAmbiguous: false,
  notes: [],
  waiting: null,
  count: 1,
  lastAt: startMs,
});

it('is given to one of many', async () => {
  const folder = await tempFolder();
  await mkdir(join(folder, 'spool'), { recursive: true });
  await writeFile(join(folder, 'spool', 'a.x.json'), '{}');
  const spools = Array.from({ length: 10 }, () => openSpool(folder, () => startMs));
  const claims = await Promise.all(spools.map((spool) => spool.claim('a.x.json')));
  expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
});

it('comes with a new record, so that nobody can take it from its sender; given back, it is free', async () => {
  const folder = await tempFolder();
  const spool = openSpool(folder, () => startMs);
  const claim = await spool.add(record('a'));
  expect(claim?.name).toBe('a.webhook.json');
  expect(await openSpool(folder, () => startMs).claim('a.webhook.json')).toBeNull();
  if (claim !== null) await spool.giveBack(claim);
  expect(await spool.add(record('a'))).toBeNull();
  expect(await spool.claim('a.webhook.json')).not.toBeNull();
});

it('of the same message is given to one of those who add it at once, and one file is left', async () => {
  // Who is first differs from round to round, and with it whether the lesser tag comes late.
  for (let round = 0; round < 20; round++) {
    const folder = await tempFolder();
    const spools = Array.from({ length: 10 }, () => openSpool(folder, () => startMs));
    const claims = await Promise.all(spools.map((spool) => spool.add(record('a'))));
    expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    expect(await readdir(join(folder, 'spool'))).toHaveLength(1);
  }
});

it('of a sender stands beside any number of flushes: what is sent is never reported as waiting', async () => {
  const server = await startHttpServer((_request, response) => void response.end());
  const channel = httpChannel('webhook', server.url);
  const sender = await startNotifier([channel]);
  const flusher = await startNotifier([channel], { folder: sender.folder });
  const state = { isOver: false };
  const flushing = (async () => {
    while (!state.isOver) await flusher.notifier.flush();
  })();
  const receipts = [];
  for (let index = 0; index < 30; index++)
    receipts.push(...(await sender.notifier.send(message({ id: `m${index}`, run: null }))));
  state.isOver = true;
  await flushing;
  expect(receipts.filter(({ status }) => status !== 'delivered')).toEqual([]);
  expect(server.requests).toHaveLength(30);
});

it('of a living sender is left alone by a flush', async () => {
  let answerNow = (): void => undefined;
  const server = await startHttpServer(
    (_request, response) =>
      new Promise<void>((resolve) => {
        answerNow = () => {
          response.end();
          resolve();
        };
      }),
  );
  const first = await startNotifier([httpChannel('webhook', server.url)]);
  const second = await startNotifier([httpChannel('webhook', server.url)], {
    folder: first.folder,
  });
  const sending = first.notifier.send(message({ id: 'a' }));
  await expect.poll(() => server.requests.length).toBe(1);
  expect(await second.notifier.flush()).toMatchObject({ delivered: 0, spooled: 1 });
  answerNow();
  expect(await sending).toMatchObject([{ status: 'delivered' }]);
  expect(server.requests).toHaveLength(1);
});

it('of another machine is left alone for 15 min, a file that is being written for an hour', async () => {
  const server = await startHttpServer((_request, response) => void response.end());
  const { notifier, folder, clock, spooled } = await startNotifier([
    httpChannel('webhook', server.url),
  ]);
  const claimed = 'a.webhook.json.ffffffff-00000000-1-1-00000000.claim';
  const writing = '.0123456789abcdef.tmp';
  await mkdir(join(folder, 'spool'), { recursive: true });
  await writeFile(join(folder, 'spool', claimed), JSON.stringify(record('a')));
  await writeFile(join(folder, 'spool', writing), '{"half":');
  // The system stamps files by its own clock.
  clock.advance(Date.now() - startMs);
  expect(await notifier.flush()).toMatchObject({ delivered: 0, spooled: 1 });
  expect(await spooled()).toEqual([writing, claimed]);
  clock.advance(16 * 60_000);
  expect(await notifier.flush()).toMatchObject({ delivered: 1, spooled: 0 });
  expect(await spooled()).toEqual([writing]);
  clock.advance(60 * 60_000);
  await notifier.flush();
  expect(await spooled()).toEqual([]);
});

it('of a message that is sent again while it waits is no longer in its own way', async () => {
  const state = { isDown: true };
  const server = await startHttpServer((_request, response) => {
    response.statusCode = state.isDown ? 503 : 200;
    response.end();
  });
  const { notifier, clock, spooled } = await startNotifier([httpChannel('webhook', server.url)]);
  const again = message({ id: 'a', run: 'r' });
  expect(await notifier.send(again)).toMatchObject([{ status: 'spooled' }]);
  state.isDown = false;
  await clock.sleep(1);
  expect(await notifier.send(again)).toMatchObject([{ status: 'delivered' }]);
  expect(await spooled()).toEqual([]);
});
