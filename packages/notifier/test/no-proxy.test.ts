import { describe, expect, it } from 'vitest';
import { isWithoutProxy } from '../src/net/no-proxy.ts';
import { wayTo } from '../src/net/proxy-settings.ts';

/** Each was asked of curl 7.88; for IPv6 networks, of what its manual says and 8.18 does. */
describe('NO_PROXY', () => {
  it.each([
    ['corp.test', 'chat.corp.test'],
    ['corp.test', 'corp.test'],
    ['.corp.test', 'chat.corp.test'],
    ['.corp.test', 'corp.test'],
    ['corp.test.', 'chat.corp.test'],
    ['corp.test', 'chat.corp.test.'],
    ['CORP.Test', 'chat.corp.test'],
    ['a.test, corp.test', 'corp.test'],
    ['a.test corp.test', 'corp.test'],
    [' a.test ,\tcorp.test ,', 'corp.test'],
    ['*', 'corp.test'],
    ['*', '[::1]'],
    ['127.0.0.1', '127.0.0.1'],
    ['127.0.0.0/8', '127.0.0.1'],
    ['10.1.2.4/31', '10.1.2.5'],
    ['10.1.2.3/32', '10.1.2.3'],
    ['10.1.2.3/0', '10.1.2.3'],
    ['::1', '[::1]'],
    ['0:0:0:0:0:0:0:1', '[::1]'],
    ['FD00::1', '[fd00::1]'],
    ['fd00::/8', '[fd00::1]'],
    ['fe80::/10', '[fe80::1]'],
    ['localhost', 'localhost'],
  ])('%s holds for %s', (noProxy, host) => expect(isWithoutProxy(host, noProxy)).toBe(true));

  it.each([
    ['corp.test', 'notcorp.test'],
    ['chat.corp.test', 'corp.test'],
    ['*.corp.test', 'chat.corp.test'],
    ['*, other.test', 'corp.test'],
    ['corp.test:443', 'corp.test'],
    ['127.0.0.1:80', '127.0.0.1'],
    ['127.1', '127.0.0.1'],
    ['10.0.0.0/33', '10.0.0.0'],
    ['10.0.0.0/8/8', '10.0.0.1'],
    ['10.0.0.0', '10.0.0.1'],
    ['0.0.0.1', '10.0.0.1'],
    ['[::1]', '[::1]'],
    ['1', '[fe80::1]'],
    ['fd00::/8', '[fe80::1]'],
    ['.', 'corp.test'],
    ['', 'corp.test'],
    [',,', 'corp.test'],
    ['https://corp.test', 'corp.test'],
  ])('%s does not hold for %s', (noProxy, host) =>
    expect(isWithoutProxy(host, noProxy)).toBe(false),
  );
});

describe('the way to a host', () => {
  const to = (env: Record<string, string>, url = 'https://chat.corp.test/x') =>
    wayTo(new URL(url), env);
  const through = (address: string) => ({ kind: 'proxy', address });

  it.each([
    ['proxy.test:3128', 'http://proxy.test:3128'],
    ['127.0.0.1:3128', 'http://127.0.0.1:3128'],
    ['[::1]:3128', 'http://[::1]:3128'],
    ['//proxy.test:3128', 'http://proxy.test:3128'],
    ['HTTP://Proxy.Test:3128', 'http://proxy.test:3128'],
    ['http://proxy.test:3128/', 'http://proxy.test:3128'],
    ['http://proxy.test:3128/pac?x=1', 'http://proxy.test:3128'],
    [' http://proxy.test:3128\n', 'http://proxy.test:3128'],
    ['ops:p%40ss@proxy.test:3128', 'http://ops:p%40ss@proxy.test:3128'],
    ['https://proxy.test:3129', 'https://proxy.test:3129'],
    ['proxy.test', 'http://proxy.test'],
  ])('a proxy %s is %s', (value, address) => {
    expect(to({ HTTPS_PROXY: value })).toMatchObject(through(address));
  });

  it.each([
    ['socks5://127.0.0.1:1080', 'SOCKS proxies are not supported'],
    ['SOCKS4A://ops:CANARY@127.0.0.1', 'SOCKS proxies are not supported'],
    ['ftp://CANARY@127.0.0.1', 'is ftp://, not http://'],
    ['http://127.0.0.1:99999', 'is not http://'],
    ['http://', 'is not http://'],
    ['http://ops:CAN#ARY@127.0.0.1:3128', 'is not http://'],
    ['127.0.0.1:port', 'is not http://'],
  ])('a proxy %s can not be used, and is said', (value, says) => {
    const way = to({ HTTPS_PROXY: value });
    expect(way).toMatchObject({
      kind: 'unusable',
      variable: 'HTTPS_PROXY',
      why: expect.stringContaining(says),
    });
    expect(JSON.stringify(way)).not.toMatch(/CANARY|ARY@/);
  });

  it.each<[Record<string, string>, string, object]>([
    [{}, 'https://x.test', { kind: 'direct' }],
    [{ HTTP_PROXY: 'a:1' }, 'https://x.test', { kind: 'direct' }],
    [{ HTTP_PROXY: 'a:1' }, 'http://x.test', through('http://a:1')],
    [{ HTTPS_PROXY: 'a:1' }, 'http://x.test', { kind: 'direct' }],
    [{ ALL_PROXY: 'a:1' }, 'https://x.test', through('http://a:1')],
    [{ all_proxy: 'a:1' }, 'http://x.test', through('http://a:1')],
    [{ ALL_PROXY: 'a:1', HTTPS_PROXY: 'b:2' }, 'https://x.test', through('http://b:2')],
    [
      { ALL_PROXY: 'socks5://a:1', HTTPS_PROXY: 'b:2' },
      'http://x.test',
      { kind: 'unusable', variable: 'ALL_PROXY' },
    ],
    [
      { https_proxy: 'a:1', HTTPS_PROXY: 'b:2' },
      'https://x.test',
      { ...through('http://a:1'), variable: 'https_proxy' },
    ],
    [{ https_proxy: '', HTTPS_PROXY: 'b:2' }, 'https://x.test', through('http://b:2')],
    [
      { HTTPS_PROXY: 'a:1', no_proxy: 'y.test', NO_PROXY: 'x.test' },
      'https://x.test',
      through('http://a:1'),
    ],
    [
      { HTTPS_PROXY: 'a:1', no_proxy: '', NO_PROXY: 'x.test' },
      'https://x.test',
      { kind: 'direct' },
    ],
    [{ HTTPS_PROXY: 'socks5://a:1', NO_PROXY: 'x.test' }, 'https://x.test', { kind: 'direct' }],
  ])('%j to %s', (env, url, way) => expect(to(env, url)).toMatchObject(way));
});
