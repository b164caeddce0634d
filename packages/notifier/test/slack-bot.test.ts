import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { type ChannelConfig, channelSchema, checkChannels } from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';

interface Call {
  readonly method: string;
  readonly body: Record<string, unknown>;
}

const token = 'xoxb-CANARY-0123456789';

/** A workspace: posts get the ids 1.1, 1.2, …; `fails` answers in the order of calls, null being success. */
const workspace = async (fails: readonly (string | null)[] = []) => {
  const calls: Call[] = [];
  let posts = 0;
  const server = await startHttpServer(({ url, body, headers }, response) => {
    const method = url.replace('/api/', '');
    const fields = JSON.parse(body) as Record<string, unknown>;
    expect(headers['authorization']).toBe(`Bearer ${token}`);
    const error = fails[calls.length] ?? null;
    calls.push({ method, body: fields });
    const ts = method === 'chat.update' ? fields['ts'] : `1.${++posts}`;
    const answer = error === null ? { ok: true, channel: 'C9', ts } : { ok: false, error };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const config: ChannelConfig = {
    ...{ type: 'slack', name: 'chat', url: `${server.url}/api`, allowPrivate: true },
    ...{ token, channel: '#deploys', perSecond: 1000 },
  };
  return { calls, config };
};

const step = (id: string, severity: 'info' | 'critical' = 'info') =>
  message({ id, severity, title: `title of ${id}` });

describe('a bot of Slack', () => {
  it('keeps a run in one thread, whose head shows the newest message', async () => {
    const { calls, config } = await workspace();
    const { notifier, folder } = await startNotifier([config]);
    expect(await notifier.send(step('a'))).toMatchObject([{ status: 'delivered', receipt: '1.2' }]);
    // Another process of the same run finds the thread.
    const other = await startNotifier([config], { folder });
    expect(await other.notifier.send(step('b', 'critical'))).toMatchObject([
      { status: 'delivered', receipt: '1.3' },
    ]);
    const seen = calls.map(({ method, body }) => {
      const { channel, ts, thread_ts: thread, reply_broadcast: shown, text } = body;
      return { method, channel, ts, thread, shown, text: String(text).slice(0, 14).trim() };
    });
    const post = { method: 'chat.postMessage', ts: undefined, shown: undefined };
    expect(seen).toEqual([
      { ...post, channel: '#deploys', thread: undefined, text: 'title of a: p9' },
      { ...post, channel: 'C9', thread: '1.1', text: 'title of a: p9' },
      {
        ...post,
        channel: 'C9',
        thread: '1.1',
        shown: true,
        text: expect.stringMatching(/title of b/),
      },
      {
        ...{ method: 'chat.update', channel: 'C9', ts: '1.1', thread: undefined, shown: undefined },
        text: expect.stringMatching(/title of b/),
      },
    ]);
    expect(JSON.stringify(calls[3]?.body)).toContain('all of them are in the thread');
  });

  it('has a thread for each run and channel, and none for a message of a person', async () => {
    const { calls, config } = await workspace();
    const { notifier } = await startNotifier([config]);
    await notifier.send(message({ id: 'a', run: 'one' }));
    await notifier.send(message({ id: 'b', run: 'two' }));
    await notifier.send(message({ id: 'c', run: null }));
    expect(calls.filter(({ body }) => body['thread_ts'] === undefined)).toHaveLength(3);
  });

  it('that fails half way goes on where it was: one head, one reply', async () => {
    const { calls, config } = await workspace([null, 'internal_error']);
    const { notifier } = await startNotifier([config]);
    expect(await notifier.send(step('a'))).toMatchObject([{ status: 'delivered', attempts: 2 }]);
    expect(calls.map(({ body }) => body['thread_ts'])).toEqual([
      undefined,
      '1.1',
      '1.1',
      undefined,
    ]);
  });

  it('a head that can not be edited costs no message, and no copy of it', async () => {
    const { calls, config } = await workspace([null, null, null, 'edit_window_closed']);
    const { notifier } = await startNotifier([config]);
    await notifier.send(step('a'));
    expect(await notifier.send(step('b'))).toMatchObject([
      { status: 'delivered', attempts: 1, receipt: "1.3 (its thread's head was not edited)" },
    ]);
    expect(calls).toHaveLength(4);
  });

  it.each([
    ['invalid_auth', 'dead'],
    ['channel_not_found', 'dead'],
    ['ratelimited', 'spooled'],
  ])('%s: %s, and the token is nowhere', async (error, status) => {
    const { config } = await workspace(Array(5).fill(error));
    const { notifier, everything } = await startNotifier([config]);
    const receipts = await notifier.send(step('a'));
    expect(receipts).toMatchObject([{ status, reason: expect.stringContaining(error) }]);
    expect(JSON.stringify(receipts) + (await everything())).not.toContain('CANARY');
  });

  it('needs a channel; goes to slack.com; is off without its token', () => {
    expect(channelSchema.safeParse({ type: 'slack', token }).success).toBe(false);
    const checks = checkChannels([
      { type: 'slack', name: 'on', token, channel: 'C1' },
      { type: 'slack', name: 'off', token: '', channel: 'C1' },
      { type: 'slack', name: 'evil', token, channel: 'C1', url: 'https://slack.com.evil.test/api' },
    ]);
    expect(checks.map(({ state }) => state)).toEqual(['on', 'off', 'bad']);
  });
});
