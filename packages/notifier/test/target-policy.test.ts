import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { httpPost } from '../src/channels/http-post.ts';
import { createAgents } from '../src/net/agents.ts';
import { type Guard, isPrivateAddress, whyNotTarget } from '../src/net/target-policy.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';

describe('whyNotTarget', () => {
  it.each([
    ['slack', 'https://hooks.slack.com/services/x', null],
    ['slack', 'https://HOOKS.slack.com./services/x', null],
    ['slack', 'https://hooks.slack.com@evil.test/x', 'user or password'],
    ['slack', 'https://evil.test/x', "none of slack's"],
    ['slack', 'https://hooks.slack.com.evil.test/x', "none of slack's"],
    ['teams', 'https://prod-1.westeurope.logic.azure.com:443/workflows/x', null],
    ['teams', 'https://xlogic.azure.com/workflows/x', "none of teams's"],
    ['discord', 'https://canary.discord.com/api/webhooks/1/x', null],
    ['webhook', 'https://anything.test/x', null],
    ['webhook', 'http://anything.test/x', 'http'],
    ['webhook', 'https://0x7f000001/', 'private'],
    ['webhook', 'https://2130706433/', 'private'],
    ['webhook', 'https://127.1/', 'private'],
    ['webhook', 'https://[::ffff:127.0.0.1]/', 'private'],
    ['webhook', 'https://[::1]/', 'private'],
    ['webhook', 'https://localhost/', 'private'],
    ['webhook', 'https://10.1.2.3/', 'private'],
    ['webhook', 'file:///etc/passwd', 'file:'],
    ['webhook', 'nonsense', 'not a URL'],
  ] as const)('%s %s', (type, url, expected) => {
    const why = whyNotTarget(url, { type });
    if (expected === null) expect(why).toBeNull();
    else expect(why).toContain(expected);
  });

  it('lets allowPrivate lift https, network and hosts, but not a password in a URL', () => {
    const lifted = { type: 'slack', allowPrivate: true } as const;
    expect(whyNotTarget('http://127.0.0.1:1/', lifted)).toBeNull();
    expect(whyNotTarget('http://a:b@127.0.0.1:1/', lifted)).not.toBeNull();
  });

  it.each([
    '192.168.1.1',
    '172.31.0.1',
    '169.254.169.254',
    '100.64.0.1',
    'fd00::1',
    'fe80::1',
    '::ffff:10.0.0.1',
    '0.0.0.0',
  ])('%s is private', (address) => expect(isPrivateAddress(address)).toBe(true));
  it.each(['8.8.8.8', '172.32.0.1', '2606:4700::1111', 'example.org'])('%s is not', (address) =>
    expect(isPrivateAddress(address)).toBe(false),
  );
});

describe('on the wire', () => {
  it('refuses a name at the moment of connecting, when it turns out to be private', async () => {
    const server = await startHttpServer((_request, response) => void response.end());
    const { port } = new URL(server.url);
    const post = (guard: Guard) =>
      httpPost(
        new URL(`http://localhost:${port}/`),
        '{}',
        {},
        {
          agents: createAgents({}),
          guard,
          redact: (text) => text,
          tryMs: 5000,
          signal: undefined,
        },
      );
    expect(await post('name')).toMatchObject({
      kind: 'failed',
      result: { kind: 'permanent', reason: expect.stringContaining('private network') },
    });
    expect(server.requests).toHaveLength(0);
    expect(await post('nothing')).toMatchObject({ kind: 'answer', answer: { status: 200 } });
  });

  it('posts nothing where this Node would go past the proxy that the environment names', async () => {
    const url = new URL('https://x.test/');
    const to = (env: Record<string, string>, version: string) =>
      createAgents(env, version).to(url, 'address');
    const env = { https_proxy: 'http://127.0.0.1:3128' };
    for (const version of ['22.16.0', '22.20.9', '23.11.0', '24.4.1'])
      expect(await to(env, version), version).toEqual({
        problem: `Node ${version} can't go through https_proxy; 22.21, 24.5 or newer can`,
      });
    for (const version of ['22.21.0', '24.5.0', '24.14.0', '26.0.0'])
      expect(await to(env, version), version).toHaveProperty('agent');
    expect(await to({}, '22.16.0')).toHaveProperty('agent');
  });

  it('goes through the proxy that the environment names, and around it where that says so', async () => {
    const asked: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '');
      socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const direct = await startHttpServer((_request, response) => void response.end());
    const env = {
      HTTPS_PROXY: `http://127.0.0.1:${port}`,
      HTTP_PROXY: `http://127.0.0.1:${port}`,
      NO_PROXY: '127.0.0.1',
    };
    const { notifier } = await startNotifier(
      [
        { type: 'webhook', name: 'far', url: 'https://far.example/hook' },
        { type: 'webhook', name: 'near', url: direct.url, allowPrivate: true },
      ],
      { env, retry: { tries: 1 } },
    );
    expect(await notifier.send(message())).toMatchObject([
      { channel: 'far', status: 'spooled' },
      { channel: 'near', status: 'delivered' },
    ]);
    expect(asked).toEqual(['far.example:443']);
    proxy.close();
  });
});
