import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { canary, freePort, tempFolder } from '@dhash/testkit';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { ChannelConfig, Receipt } from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';
import { caFile } from './smtp-test-server.ts';

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (does: boolean) => {
      socket.destroy();
      resolve(does);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });

/** A real forward proxy that writes down what it is asked for. */
const startTinyproxy = async (folder: string, port: number, more = ''): Promise<ChildProcess> => {
  const config = join(folder, 'tinyproxy.conf');
  await writeFile(
    config,
    `Port ${port}\nListen 127.0.0.1\nTimeout 10\nLogFile "${join(folder, 'tinyproxy.log')}"\nLogLevel Info\nMaxClients 20\nAllow 127.0.0.1\n${more}\n`,
  );
  const proxy = spawn('tinyproxy', ['-d', '-c', config], { stdio: 'ignore' });
  onTestFinished(() => void proxy.kill('SIGKILL'));
  await once(proxy, 'spawn');
  await vi.waitUntil(() => answers(port), { timeout: 60_000, interval: 50 });
  return proxy;
};

/** A receiver with a certificate for localhost, reached by that name. */
const startReceiver = async () => {
  const paths: string[] = [];
  const tls = (name: string) => readFileSync(new URL(`fixtures/tls/${name}`, import.meta.url));
  const server = createServer(
    { key: tls('key.pem'), cert: tls('cert.pem') },
    (request, response) => {
      paths.push(request.url ?? '');
      request.resume();
      request.on('end', () => void response.writeHead(204).end());
    },
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { paths, port: (server.address() as AddressInfo).port };
};

const source = `
  import { createNotifier } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
  const [folder, channels, message, what] = JSON.parse(process.env.TO_SEND);
  const notifier = createNotifier({ channels, folder, retry: { tries: 2, backoffMs: 1, tryMs: 5000 } });
  const receipts = what === 'send' ? await notifier.send(message) : (await notifier.flush()).receipts;
  process.stdout.write(JSON.stringify(receipts));
`;

/** The library in a process of its own: a proxy and a certificate are what a process is started with. */
const inProcess = async (
  folder: string,
  port: number,
  what: 'send' | 'flush',
  env: Record<string, string>,
): Promise<Receipt[]> => {
  const url = `https://localhost:${port}/hook/${canary}`;
  const config: ChannelConfig = { type: 'webhook', name: 'hook', url, allowPrivate: true };
  const script = join(folder, 'send.mts');
  await writeFile(script, source);
  const child = spawn(process.execPath, [script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      NO_PROXY: '',
      NODE_EXTRA_CA_CERTS: caFile,
      TO_SEND: JSON.stringify([join(folder, 'notifications'), [config], message(), what]),
      ...env,
    },
  });
  let out = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk;
  });
  const [exit] = await once(child, 'close');
  expect(exit).toBe(0);
  return JSON.parse(out) as Receipt[];
};

describe('a send-only forward proxy', () => {
  it('is gone through, and sees where to but not the secret', async () => {
    const folder = await tempFolder();
    const [receiver, port] = [await startReceiver(), await freePort()];
    await startTinyproxy(folder, port);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    expect(await inProcess(folder, receiver.port, 'send', env)).toMatchObject([
      { status: 'delivered' },
    ]);
    expect(receiver.paths).toEqual([`/hook/${canary}`]);
    const log = await readFile(join(folder, 'tinyproxy.log'), 'utf8');
    expect(log).toContain(`CONNECT localhost:${receiver.port} HTTP/1.1`);
    expect(log).not.toContain(canary);
  });

  it('is passed by for a host of NO_PROXY', async () => {
    const folder = await tempFolder();
    const [receiver, port] = [await startReceiver(), await freePort()];
    await startTinyproxy(folder, port);
    const env = { HTTPS_PROXY: `http://127.0.0.1:${port}`, NO_PROXY: 'localhost' };
    expect(await inProcess(folder, receiver.port, 'send', env)).toMatchObject([
      { status: 'delivered' },
    ]);
    expect(await readFile(join(folder, 'tinyproxy.log'), 'utf8')).not.toContain(
      'CONNECT localhost',
    );
  });

  it('that is down costs no message: it waits, and goes out once the proxy is up', async () => {
    const folder = await tempFolder();
    const [receiver, port] = [await startReceiver(), await freePort()];
    const env = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    expect(await inProcess(folder, receiver.port, 'send', env)).toMatchObject([
      { status: 'spooled', attempts: 2, reason: 'not reached (ECONNREFUSED; HTTPS_PROXY is set)' },
    ]);
    // Never past it: a machine that may only send through the proxy must not try by itself.
    expect(receiver.paths).toEqual([]);
    await startTinyproxy(folder, port);
    expect(await inProcess(folder, receiver.port, 'flush', env)).toMatchObject([
      { status: 'delivered' },
    ]);
    expect(receiver.paths).toHaveLength(1);
  });

  it('that refuses the way keeps the message waiting, and says that it was the proxy', async () => {
    const folder = await tempFolder();
    const [receiver, port] = [await startReceiver(), await freePort()];
    await startTinyproxy(folder, port, 'ConnectPort 443');
    const env = { HTTPS_PROXY: `http://127.0.0.1:${port}` };
    expect(await inProcess(folder, receiver.port, 'send', env)).toMatchObject([
      { status: 'spooled', reason: 'the proxy (HTTPS_PROXY) refused the way to it, with 403' },
    ]);
    expect(receiver.paths).toEqual([]);
  });
});

it.each(['http://ops:CANARY%@127.0.0.1:3128', 'http://127.0.0.1:99999', 'ftp://127.0.0.1'])(
  'an address of a proxy that is none costs no message, and is told: %s',
  async (proxy) => {
    const { notifier, spooled } = await startNotifier(
      [{ type: 'webhook', name: 'hook', url: 'https://localhost:9/', allowPrivate: true }],
      { env: { HTTPS_PROXY: proxy }, retry: { tries: 1 } },
    );
    const [receipt] = await notifier.send(message());
    expect(receipt?.status).toBe('spooled');
    expect(receipt?.reason).toMatch(/HTTPS_PROXY/);
    expect(JSON.stringify(receipt)).not.toContain('CANARY');
    expect(await spooled()).toHaveLength(1);
  },
);
