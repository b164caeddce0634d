import { readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import type { Message } from '../src/index.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

/** A webhook server that can be switched between working and not; remembers what it took. */
const startReceiver = async () => {
  const state = { status: 200, headers: {} as Record<string, string> };
  const taken: string[] = [];
  const server = await startHttpServer((request, response) => {
    if (state.status === 200) taken.push((JSON.parse(request.body) as { data: Message }).data.id);
    response.writeHead(state.status, state.headers);
    response.end();
  });
  return { ...server, state, taken };
};

const once = { retry: { tries: 1 } };
const note = (id: string, change: Partial<Message> = {}): Message =>
  message({ id, severity: 'info', title: id, ...change });

describe('the spool', () => {
  it('holds message and channel name, nothing secret, readable by its owner only', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, everything, spooled } = await startNotifier(
      [httpChannel('webhook', receiver.url)],
      once,
    );
    await notifier.send(message());
    expect(await spooled()).toEqual(['run-1-gate-break.webhook.json']);
    const text = await everything();
    expect(text).toContain('gate p95 broke');
    expect(text).not.toContain(canary);
    expect(text).not.toContain(receiver.url);
  });

  it('is written before the first try', async () => {
    const seen: string[][] = [];
    let look = async (): Promise<string[]> => [];
    const server = await startHttpServer(async (_request, response) => {
      seen.push(await look());
      response.end();
    });
    const { notifier, spooled } = await startNotifier([httpChannel('webhook', server.url)]);
    look = spooled;
    await notifier.send(message());
    expect(seen).toEqual([[expect.stringMatching(/^run-1-gate-break\.webhook\.json\..+\.claim$/)]]);
    expect(await spooled()).toEqual([]);
  });

  it('takes the same message once', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, spooled } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(message());
    await notifier.send(message());
    expect(await spooled()).toHaveLength(1);
  });

  it('has a bound: the least urgent and oldest is given up for a new one, and that is shown', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, spooled } = await startNotifier([httpChannel('webhook', receiver.url)], {
      ...once,
      maxWaiting: 2,
    });
    await notifier.send(message({ id: 'alarm' }));
    await notifier.send(note('old', { run: null }));
    await notifier.send(note('new', { run: null }));
    expect(await spooled()).toEqual(['alarm.webhook.json', 'new.webhook.json']);
    expect((await notifier.status()).dead).toMatchObject([
      { id: 'old', reason: 'given up: more than 2 messages wait' },
    ]);
    // None goes for one that is less urgent than all.
    await notifier.send(message({ id: 'alarm-2' }));
    await notifier.send(note('small', { run: null }));
    expect(await spooled()).toEqual(
      expect.arrayContaining(['alarm.webhook.json', 'alarm-2.webhook.json']),
    );
  });
});

describe('flush', () => {
  it('delivers in order, one channel beside another, and empties the spool', async () => {
    const receiver = await startReceiver();
    const broken = await startReceiver();
    receiver.state.status = 503;
    broken.state.status = 503;
    const { notifier, spooled } = await startNotifier(
      [httpChannel('webhook', receiver.url, 'good'), httpChannel('webhook', broken.url, 'broken')],
      once,
    );
    for (const id of ['a', 'b', 'c']) await notifier.send(note(id));
    receiver.state.status = 200;
    expect(await notifier.flush()).toMatchObject({
      delivered: 3,
      spooled: 3,
      dead: 0,
      busy: false,
    });
    expect(receiver.taken).toEqual(['a', 'b', 'c']);
    // After its first failure a channel is left alone: b and c would overtake a.
    expect(broken.requests).toHaveLength(2);
    expect(await spooled()).toEqual(['a.broken.json', 'b.broken.json', 'c.broken.json']);
  });

  it('never goes against a server, but does not wait for our own backoff', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 429;
    receiver.state.headers = { 'retry-after': '600' };
    const { notifier, clock } = await startNotifier([httpChannel('webhook', receiver.url)]);
    await notifier.send(note('a'));
    receiver.state.status = 200;
    clock.advance(599_000);
    expect(await notifier.flush()).toMatchObject({ delivered: 0, spooled: 1 });
    expect(receiver.requests).toHaveLength(1);
    clock.advance(1000);
    expect(await notifier.flush()).toMatchObject({ delivered: 1, spooled: 0 });
  });

  it('waits for our own backoff too when it runs by itself', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, clock } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(note('a'));
    receiver.state.status = 200;
    clock.advance(20_000);
    await notifier.send(note('b'));
    await notifier.send(note('other', { run: 'run-2' }));
    expect(receiver.taken).toEqual(['other']);
    expect(await notifier.flush({ mode: 'due' })).toMatchObject({ delivered: 0 });
    clock.advance(14_000);
    expect(await notifier.flush({ mode: 'due' })).toMatchObject({ delivered: 2 });
    expect(receiver.taken).toEqual(['other', 'a', 'b']);
  });

  it('runs once at a time; two at once deliver each message once', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const first = await startNotifier([httpChannel('webhook', receiver.url)], once);
    for (let index = 0; index < 20; index++)
      await first.notifier.send(note(`m${index}`, { run: null }));
    receiver.state.status = 200;
    const second = await startNotifier([httpChannel('webhook', receiver.url)], {
      folder: first.folder,
    });
    const reports = await Promise.all([first.notifier.flush(), second.notifier.flush()]);
    expect(reports.filter(({ busy }) => busy)).toHaveLength(1);
    expect([...receiver.taken].sort()).toEqual([...new Set(receiver.taken)].sort());
    expect(receiver.taken).toHaveLength(20);
  });

  it('moves a damaged file to dead/ with its reason, and delivers the others', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, folder } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(note('a'));
    await writeFile(join(folder, 'spool', 'bad.webhook.json'), '{"format":1,');
    await writeFile(join(folder, 'spool', 'new.webhook.json'), '{"format":2}');
    await writeFile(join(folder, 'spool', '.0123456789abcdef.tmp'), '{"half":');
    receiver.state.status = 200;
    expect(await notifier.flush()).toMatchObject({ delivered: 1, dead: 2, spooled: 0 });
    const { dead } = await notifier.status();
    expect(dead.map(({ reason }) => reason).sort()).toEqual([
      'not readable as a spool file: format 2, not 1',
      'not readable as a spool file: not JSON',
    ]);
  });

  it('keeps what belongs to a channel that is not configured, and says so', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, folder } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(note('a'));
    const { notifier: without } = await startNotifier([], { folder });
    expect(await without.flush()).toMatchObject({ orphaned: 1, spooled: 0, delivered: 0 });
    expect((await without.status()).waiting).toMatchObject([{ id: 'a', isOrphaned: true }]);
    const late = await startNotifier([], { folder });
    late.clock.advance(72 * 3_600_000 + 1);
    expect(await late.notifier.flush()).toMatchObject({ orphaned: 0, dead: 1 });
    expect((await late.notifier.status()).dead).toMatchObject([
      { id: 'a', reason: 'expired after 72 h: its channel is not configured, or off' },
    ]);
  });

  it('gives up what is too old, with its reasons', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, clock, spooled } = await startNotifier(
      [httpChannel('webhook', receiver.url)],
      once,
    );
    await notifier.send(note('a'));
    clock.advance(72 * 3_600_000 + 1);
    expect(await notifier.flush()).toMatchObject({ dead: 1 });
    expect(await spooled()).toEqual([]);
    expect((await notifier.status()).dead).toMatchObject([
      { id: 'a', reason: expect.stringMatching(/^expired after 72 h and 2 tries; last: 503/) },
    ]);
  });

  it('gives a dead message back when a person asks', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 404;
    const { notifier, folder } = await startNotifier([httpChannel('webhook', receiver.url)]);
    await notifier.send(note('a'));
    await notifier.send(note('b'));
    // 404 means gone: the second was not posted, but is not lost either.
    expect(receiver.requests).toHaveLength(1);
    expect(await notifier.status()).toMatchObject({
      waiting: [{ id: 'b' }],
      dead: [{ id: 'a' }],
      channels: [{ state: 'gone', waiting: 1, dead: 1 }],
    });
    receiver.state.status = 200;
    const later = await startNotifier([httpChannel('webhook', receiver.url)], { folder });
    expect(await later.notifier.reviveDead(['a'])).toBe(1);
    expect(await later.notifier.flush()).toMatchObject({ delivered: 2 });
    expect(receiver.taken).toEqual(['a', 'b']);
    await expect(later.notifier.clearDead(['a'])).rejects.toMatchObject({
      code: 'unknown-message',
    });
  });
});

it('leaves a dead message that cannot be read where it is, for a person to look at and clear', async () => {
  const receiver = await startReceiver();
  receiver.state.status = 404;
  const { notifier, folder } = await startNotifier([httpChannel('webhook', receiver.url)]);
  await notifier.send(note('a'));
  await writeFile(join(folder, 'dead', 'torn.json'), '{"format":1,"mess');
  expect(await notifier.reviveDead()).toBe(1);
  expect(await readdir(join(folder, 'dead'))).toEqual(['torn.json']);
  expect((await notifier.status()).dead).toMatchObject([{ reason: 'not readable' }]);
  expect(await notifier.clearDead(['torn.json'])).toBe(1);
  expect((await notifier.status()).dead).toEqual([]);
});

describe('order', () => {
  it('holds within a run and severity, and does not hold back a critical message', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(note('started'));
    receiver.state.status = 200;
    expect(await notifier.send(note('done'))).toMatchObject([
      { status: 'spooled', reason: 'waits for started, which must go first' },
    ]);
    expect(await notifier.send(message({ id: 'alarm' }))).toMatchObject([{ status: 'delivered' }]);
    expect(await notifier.send(note('other', { run: 'run-2' }))).toMatchObject([
      { status: 'delivered' },
    ]);
    await notifier.flush();
    expect(receiver.taken).toEqual(['alarm', 'other', 'started', 'done']);
  });

  it('holds where what must go first is tried again, and fails again', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 503;
    const { notifier, clock } = await startNotifier([httpChannel('webhook', receiver.url)], once);
    await notifier.send(note('started'));
    clock.advance(60_000);
    expect(await notifier.send(note('done'))).toMatchObject([
      { status: 'spooled', attempts: 0, reason: 'waits for started, which must go first' },
    ]);
    expect(receiver.requests).toHaveLength(2);
  });

  it('is the order of calls for messages sent side by side', async () => {
    const receiver = await startReceiver();
    const { notifier } = await startNotifier([httpChannel('webhook', receiver.url)]);
    const ids = Array.from({ length: 8 }, (_, index) => `m${index}`);
    const receipts = await Promise.all(ids.map((id) => notifier.send(note(id))));
    expect(new Set(receipts.flat().map(({ status }) => status))).toEqual(new Set(['delivered']));
    expect(receiver.taken).toEqual(ids);
  });

  it('lets critical messages go first when a held channel is free again', async () => {
    const receiver = await startReceiver();
    receiver.state.status = 429;
    receiver.state.headers = { 'retry-after': '60' };
    const { notifier, clock } = await startNotifier([httpChannel('webhook', receiver.url)]);
    await notifier.send(note('info'));
    expect(await notifier.send(message({ id: 'alarm' }))).toMatchObject([
      {
        status: 'spooled',
        attempts: 0,
        reason: 'the server asked to be left alone until 2026-11-23 20:01:00 UTC',
      },
    ]);
    receiver.state.status = 200;
    clock.advance(60_000);
    await notifier.flush();
    expect(receiver.taken).toEqual(['alarm', 'info']);
  });
});

describe('a channel that is held', () => {
  it('has a critical message at once on the others, marked, and gets its own later', async () => {
    const held = await startReceiver();
    const other = await startReceiver();
    held.state.status = 429;
    held.state.headers = { 'retry-after': '600' };
    const { notifier } = await startNotifier([
      httpChannel('webhook', held.url, 'chat'),
      { ...httpChannel('webhook', other.url, 'pager'), events: ['never'] },
    ]);
    expect(await notifier.send(message({ id: 'alarm' }), { channels: ['chat'] })).toMatchObject([
      { channel: 'chat', status: 'spooled' },
      { channel: 'pager', status: 'delivered', insteadOf: ['chat'] },
    ]);
    expect(other.requests[0]?.body).toContain("sent here because chat can't be reached now");
    await notifier.send(note('info'), { channels: ['chat'] });
    expect(other.requests).toHaveLength(1);
  });
});

describe('identical messages', () => {
  it('that wait are folded into one that says how many and until when', async () => {
    let isDown = true;
    const server = await startHttpServer((_request, response) => {
      response.writeHead(isDown ? 503 : 200);
      response.end('ok');
    });
    const { notifier, clock, spooled } = await startNotifier(
      [httpChannel('slack', server.url)],
      once,
    );
    await notifier.send(note('a', { title: 'same', run: null }));
    clock.advance(60_000);
    await notifier.send(note('b', { title: 'same', run: null }));
    expect(await notifier.send(note('c', { title: 'same', run: null }))).toMatchObject([
      { status: 'spooled', reason: 'folded into a, which says the same and waits (3 times)' },
    ]);
    // The same message once more is not another one that says the same.
    await notifier.send(note('a', { title: 'same', run: null }));
    expect(await spooled()).toEqual(['a.slack.json']);
    isDown = false;
    await notifier.flush();
    expect(server.requests.at(-1)?.body).toContain('said 3 times, last 2026-11-23 20:01:00 UTC');
    expect(server.requests.at(-1)?.body).toContain(
      'redelivered ×1, originally 2026-11-23 20:00:00 UTC',
    );
  });
});

describe('without a channel that is on', () => {
  it('the message is kept as JSON and as text', async () => {
    const { notifier, everything } = await startNotifier([
      { type: 'slack', name: 'chat', url: '' },
    ]);
    expect(await notifier.send(message())).toMatchObject([
      { channel: 'chat', status: 'off' },
      {
        channel: 'file',
        status: 'off',
        receipt: expect.stringContaining('20261123T200000-run-1-gate-break.txt'),
      },
    ]);
    expect(await everything()).toContain('Version:   1.2.0');
  });

  it('what is older than keptMaxAgeMs goes with the next message, or a flush; nothing else does', async () => {
    const { notifier, clock, folder, everything } = await startNotifier(
      [{ type: 'slack', name: 'chat', url: '' }],
      { keptMaxAgeMs: 3_600_000 },
    );
    await notifier.send(note('old'));
    const kept = join(folder, 'kept');
    await writeFile(join(kept, 'a-persons-own-notes.txt'), 'mine');
    for (const file of await readdir(kept))
      await utimes(join(kept, file), startMs / 1000, startMs / 1000);
    clock.advance(3_600_000);
    await notifier.flush();
    expect(await everything()).toContain('old');
    clock.advance(1);
    await notifier.flush();
    expect(await readdir(kept)).toEqual(['a-persons-own-notes.txt']);
  });
});
