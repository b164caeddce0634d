import { startHttpServer } from '@dhash/testkit';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { defaultRepeatPolicy, type Message, nextRepeat, repeatEffect } from '../src/index.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';

const minuteMs = 60_000;

describe('what a message means for the repetition of its run', () => {
  const youMust = { who: 'you must', what: 'Roll back.', commands: [] } as const;
  it.each<[Partial<Message>, string]>([
    [{ acts: youMust }, 'begins'],
    [{}, 'begins'],
    [{ acts: { who: 'tool acts', what: 'It rolls back.' } }, 'none'],
    [{ severity: 'warning', acts: youMust }, 'none'],
    [{ severity: 'info' }, 'none'],
    [{ run: null }, 'none'],
    [{ event: 'rollback-done', severity: 'warning' }, 'ends'],
    [{ event: 'success', severity: 'info' }, 'ends'],
    [{ event: 'deploy-failed', acts: { who: 'tool has acted', what: 'Undone.' } }, 'ends'],
  ])('%j: %s', (change, effect) => expect(repeatEffect(message(change))).toBe(effect));
});

describe('when it is said again', () => {
  const state = { startedAt: 0, lastAt: 0, count: 1 };
  it.each([
    [0, { kind: 'waits', untilMs: 5 * minuteMs }],
    [5 * minuteMs - 1, { kind: 'waits', untilMs: 5 * minuteMs }],
    [5 * minuteMs, { kind: 'due' }],
    [24 * 60 * minuteMs - 1, { kind: 'due' }],
    [24 * 60 * minuteMs, { kind: 'over' }],
    [-1, { kind: 'due' }],
  ])('after %i ms: %j', (nowMs, next) => {
    expect(nextRepeat(state, nowMs, defaultRepeatPolicy)).toEqual(next);
  });

  it('never twice within an interval, and never later than one after it', () => {
    const { everyMs } = defaultRepeatPolicy;
    const looks = fc.array(fc.integer({ min: 1, max: 3 * everyMs }), { maxLength: 40 });
    fc.assert(
      fc.property(looks, (gaps) => {
        let now = 0;
        let lastAt = 0;
        for (const gap of gaps) {
          now += gap;
          const next = nextRepeat({ ...state, lastAt }, now, defaultRepeatPolicy);
          if (next.kind === 'over') return;
          expect(next.kind).toBe(now - lastAt >= everyMs ? 'due' : 'waits');
          if (next.kind === 'due') lastAt = now;
        }
      }),
    );
  });
});

const chat = async (status: () => number = () => 200) => {
  const server = await startHttpServer((_request, response) => {
    response.writeHead(status()).end('ok');
  });
  const channels = [httpChannel('slack', server.url), httpChannel('webhook', server.url)];
  const repeat = { acknowledge: (run: string) => `dhash-rollout ack ${run}` };
  const kit = await startNotifier(channels, { repeat });
  const bodies = () => server.requests.map(({ body }) => body);
  // The two channels post side by side, in any order.
  const texts = () => bodies().filter((body) => body.includes('"blocks"'));
  const hooks = () => bodies().filter((body) => !body.includes('"blocks"'));
  return { ...kit, server, channels, repeat, texts, hooks };
};

describe('a critical message', () => {
  it('is said again in chats, every 5 min, until its run is acknowledged', async () => {
    const { notifier, clock, texts, hooks } = await chat();
    await notifier.send(message());
    expect(texts()).toHaveLength(1);
    expect(texts()[0]).toContain(
      'said again every 5 min until somebody types: dhash-rollout ack run-1',
    );
    expect(hooks()[0]).not.toContain('said again');
    expect(await notifier.flush()).toMatchObject({ repeated: 0 });
    clock.advance(5 * minuteMs);
    expect(await notifier.flush({ mode: 'due' })).toMatchObject({
      repeated: 1,
      receipts: [{ channel: 'slack', status: 'delivered' }],
    });
    expect(texts().at(-1)).toContain(
      'said 2 times since 2026-11-23 20:00:00 UTC, until somebody types: dhash-rollout ack run-1',
    );
    expect(await notifier.repeating()).toEqual([
      {
        ...{ run: 'run-1', event: 'gate-break', title: 'dhash production: gate p95 broke' },
        ...{ startedAt: startMs, count: 2, nextAt: startMs + 10 * minuteMs },
      },
    ]);
    expect(await notifier.acknowledge('run-1')).toEqual({
      ...{ title: 'dhash production: gate p95 broke', count: 2 },
    });
    clock.advance(60 * minuteMs);
    expect(await notifier.flush()).toMatchObject({ repeated: 0 });
    expect(await notifier.acknowledge('run-1')).toBeNull();
  });

  it('is said once by two processes that flush at once', async () => {
    const { notifier, clock, folder, channels, repeat, texts } = await chat();
    await notifier.send(message());
    clock.advance(5 * minuteMs);
    const other = await startNotifier(channels, { folder, repeat, clock });
    const both = await Promise.all([notifier.flush(), other.notifier.flush()]);
    expect(both.map(({ repeated }) => repeated).sort()).toEqual([0, 1]);
    expect(texts()).toHaveLength(2);
  });

  it('is not said again once its run has ended well, and only the newest of a run is', async () => {
    const { notifier, clock, texts } = await chat();
    await notifier.send(message());
    await notifier.send(message({ id: 'worse', event: 'rollback-failed', title: 'worse' }));
    clock.advance(5 * minuteMs);
    expect(await notifier.flush()).toMatchObject({ repeated: 1 });
    expect(texts().at(-1)).toContain('worse');
    await notifier.send(message({ id: 'done', event: 'rollback-done', severity: 'warning' }));
    clock.advance(5 * minuteMs);
    expect(await notifier.flush()).toMatchObject({ repeated: 0 });
  });

  it('that still waits is not queued once more: its repetitions are folded into it', async () => {
    let status = 503;
    const { notifier, clock, spooled, texts } = await chat(() => status);
    await notifier.send(message());
    for (let time = 0; time < 3; time++) {
      clock.advance(5 * minuteMs);
      await notifier.flush();
    }
    expect((await spooled()).filter((name) => name.includes('.slack.'))).toHaveLength(1);
    status = 200;
    await notifier.flush();
    expect(texts().some((text) => /said 4 times/.test(text))).toBe(true);
    expect(await spooled()).toEqual([]);
  });

  it('is left to those whose channels it is for', async () => {
    const { notifier, clock, folder, repeat } = await chat();
    await notifier.send(message());
    clock.advance(5 * minuteMs);
    const other = await startNotifier([], { folder, repeat, clock });
    expect(await other.notifier.flush()).toMatchObject({ repeated: 0 });
    expect(await notifier.flush()).toMatchObject({ repeated: 1 });
  });

  it('ends by itself after a day; the first send does not fail where nothing can be kept', async () => {
    const { notifier, clock } = await chat();
    await notifier.send(message());
    clock.advance(24 * 60 * minuteMs);
    expect(await notifier.flush()).toMatchObject({ repeated: 0 });
    expect(await notifier.repeating()).toEqual([]);
  });

  it('is not repeated where nobody asked for it', async () => {
    const server = await startHttpServer((_request, response) => void response.end('ok'));
    const { notifier, clock } = await startNotifier([httpChannel('slack', server.url)]);
    await notifier.send(message());
    clock.advance(60 * minuteMs);
    expect(await notifier.flush()).toMatchObject({ repeated: 0 });
    expect(server.requests).toHaveLength(1);
  });

  it.each([true, false])('a channel that says repeat: %s is asked', async (repeats) => {
    const server = await startHttpServer((_request, response) => void response.end('ok'));
    const config = { ...httpChannel(repeats ? 'webhook' : 'slack', server.url), repeat: repeats };
    const repeat = { acknowledge: (run: string) => `ack ${run}`, everyMs: 1000 };
    const { notifier, clock } = await startNotifier([config], { repeat });
    await notifier.send(message());
    clock.advance(1000);
    expect(await notifier.flush()).toMatchObject({ repeated: repeats ? 1 : 0 });
  });
});
