import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it, onTestFinished } from 'vitest';
import { httpPost } from '../src/channels/http-post.ts';
import { createAgents } from '../src/net/agents.ts';
import { type Guard, guardOf } from '../src/net/target-policy.ts';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';

/** A forward proxy that writes down what it is asked for and refuses it. */
const startProxy = async (status: number) => {
  const asked: string[] = [];
  const proxy = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.writeHead(status).end();
  }).on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void proxy.close());
  return { asked, address: `127.0.0.1:${(proxy.address() as AddressInfo).port}` };
};

/** `localhost` is a name that leads to a private network on every machine. */
const post = async (env: Record<string, string>, guard: Guard, host = 'localhost') => {
  const server = await startHttpServer((_request, response) => void response.end());
  const { port } = new URL(server.url);
  const url = new URL(`http://${host}:${port}/`);
  const options = { agents: createAgents(env), guard, redact: (text: string) => text };
  const result = await httpPost(url, '{}', {}, { ...options, tryMs: 5000, signal: undefined });
  return { result, received: server.requests.length };
};

const refused = {
  result: {
    kind: 'failed',
    result: { kind: 'permanent', reason: expect.stringContaining('resolves to a private network') },
  },
  received: 0,
};

describe('a name that leads to a private network is refused', () => {
  it('directly', async () => {
    expect(await post({}, 'name')).toMatchObject(refused);
    expect(await post({}, 'address')).toMatchObject(refused);
  });

  it('directly, where NO_PROXY leaves it out', async () => {
    const { asked, address } = await startProxy(502);
    const env = { HTTP_PROXY: address, NO_PROXY: 'localhost' };
    expect(await post(env, 'name')).toMatchObject(refused);
    expect(asked).toEqual([]);
  });

  it('through a proxy, which is not even asked', async () => {
    const { asked, address } = await startProxy(502);
    expect(await post({ HTTP_PROXY: address }, 'name')).toMatchObject(refused);
    expect(asked).toEqual([]);
  });

  it('but not a vendor’s own name: behind a proxy, names may lead anywhere from here', async () => {
    const { asked, address } = await startProxy(502);
    expect(await post({ HTTP_PROXY: address }, 'address')).toMatchObject({ received: 0 });
    expect(asked).toHaveLength(1);
    expect(guardOf({ type: 'slack' })).toBe('address');
    expect(guardOf({ type: 'webhook' })).toBe('name');
    expect(guardOf({ type: 'webhook', allowPrivate: true })).toBe('nothing');
  });

  it('but not one that nobody here can look up: the proxy sees to it', async () => {
    const { asked, address } = await startProxy(502);
    await post({ HTTP_PROXY: address }, 'name', 'far.invalid');
    expect(asked).toHaveLength(1);
  });
});

describe('nothing goes past a proxy that is set', () => {
  it.each([
    ['HTTP_PROXY', 'socks5://127.0.0.1:1080', /^not tried: HTTP_PROXY is socks5:\/\/, and SOCKS/],
    ['ALL_PROXY', 'socks5h://127.0.0.1:1080', /^not tried: ALL_PROXY is socks5h:\/\//],
    ['all_proxy', 'ftp://127.0.0.1', /^not tried: all_proxy is ftp:\/\//],
    ['http_proxy', '127.0.0.1:99999', /^not tried: http_proxy is not http:\/\//],
    ['HTTP_PROXY', 'http://ops:CANARY%@127.0.0.1:3128', /^not tried: HTTP_PROXY is not/],
    ['HTTP_PROXY', '127.0.0.1:1', /^not reached \(ECONNREFUSED; HTTP_PROXY is set\)$/],
    ['ALL_PROXY', 'HTTP://127.0.0.1:1', /^not reached \(ECONNREFUSED; ALL_PROXY is set\)$/],
  ])('%s=%s', async (variable, value, says) => {
    const server = await startHttpServer((_request, response) => void response.end('ok'));
    const { notifier, spooled } = await startNotifier([httpChannel('slack', server.url)], {
      env: { [variable]: value },
      retry: { tries: 1 },
    });
    const receipts = await notifier.send(message());
    expect(receipts).toMatchObject([{ status: 'spooled', reason: expect.stringMatching(says) }]);
    expect(JSON.stringify(receipts)).not.toContain('CANARY');
    expect(server.requests).toHaveLength(0);
    expect(await spooled()).toHaveLength(1);
  });

  it('one without a scheme is gone through', async () => {
    const { asked, address } = await startProxy(502);
    const { notifier } = await startNotifier([httpChannel('slack', 'http://chat.test')], {
      env: { ALL_PROXY: address },
      retry: { tries: 1 },
    });
    await notifier.send(message());
    expect(asked).toEqual([expect.stringContaining('http://chat.test/')]);
  });

  it('one that asks for a password keeps the message waiting', async () => {
    const { address } = await startProxy(407);
    const { notifier } = await startNotifier([httpChannel('slack', 'http://chat.test')], {
      env: { HTTP_PROXY: address },
      retry: { tries: 1 },
    });
    expect(await notifier.send(message())).toMatchObject([
      { status: 'spooled', reason: 'the proxy (HTTP_PROXY) asks for a user and password: 407' },
    ]);
  });
});
