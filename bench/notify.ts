/**
 * What a message costs: CPU of `flush` for 1,000 spooled messages to a local webhook, beside that of a
 * bare `fetch` of the same bytes; what a cold send adds to Node's own start, and whether a configured
 * rate is kept. A slow or busy machine shows in the ratios: they stay.
 * Run: npm run bench:notify
 */
import { fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type ChannelConfig, createNotifier, type Message, renderWebhook } from '@dhash/notifier';

const self = fileURLToPath(import.meta.url);
const messages = 1000;
const coldRuns = 15;

const messageOf = (index: number): Message => ({
  id: `bench-${index}`,
  event: 'test',
  severity: 'info',
  title: `Message ${index}`,
  summary: 'A message of a usual size, as a rollout sends it.',
  facts: [
    { name: 'Service', value: 'dhash' },
    { name: 'Version', value: '1.2.0' },
  ],
  sections: [{ title: 'Gates', text: 'health: pass\np95_hash_time: pass' }],
  links: [{ title: 'Report', url: 'https://example.org/report' }],
  at: '2026-11-23T20:00:00.000Z',
  run: null,
});

/** In a process of its own: its work is not ours. */
const receiver = (): void => {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => response.writeHead(204).end());
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
};

/** As a small program of another team would: plain JavaScript, nothing to compile first. */
const coldProgram = `
  const { createNotifier } = await import('@dhash/notifier');
  const [url, folder, message] = process.argv.slice(1);
  const channels = [{ name: 'w', type: 'webhook', url, allowPrivate: true }];
  const [receipt] = await createNotifier({ channels, folder }).send(JSON.parse(message));
  if (receipt.status !== 'delivered') throw new Error('not delivered: ' + receipt.reason);
`;

/** The least of several: what else a machine does only ever adds. */
const least = (values: readonly number[]): number => Math.min(...values);

const timed = (args: readonly string[]): number => {
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return performance.now() - started;
};

/** Starts to measure this process; the function that comes back says what it took since. */
const measured = () => {
  const cpu = process.cpuUsage();
  const started = performance.now();
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    return { ms: performance.now() - started, cpuMs: (user + system) / 1000 };
  };
};

const flush = async (port: number, folder: string, perSecond: number, count: number) => {
  const hook = (url: string, rate: number): ChannelConfig[] => [
    { name: 'w', type: 'webhook', url, allowPrivate: true, perSecond: rate },
  ];
  const spooling = createNotifier({
    channels: hook('http://127.0.0.1:2/', 100_000),
    folder,
    retry: { tries: 1 },
  });
  for (let index = 0; index < count; index++) await spooling.send(messageOf(index));
  const notifier = createNotifier({
    channels: hook(`http://127.0.0.1:${port}/`, perSecond),
    folder,
  });
  const spent = measured();
  const { delivered } = await notifier.flush();
  if (delivered !== count) throw new Error(`${delivered} of ${count} delivered`);
  return spent();
};

/** The least that posting them can cost: the same bytes, no spool, no receipt. */
const bareFetch = async (port: number, count: number) => {
  const bodies = Array.from({ length: count }, (_, index) =>
    JSON.stringify(renderWebhook(messageOf(index))),
  );
  const spent = measured();
  for (const body of bodies) {
    const response = await fetch(`http://127.0.0.1:${port}/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    await response.arrayBuffer();
  }
  return spent();
};

const main = async (): Promise<void> => {
  const child = fork(self, ['receiver']);
  const [port] = (await once(child, 'message')) as [number];
  const folder = await mkdtemp(join(tmpdir(), 'bench-notify-'));
  try {
    // Twice each: the first of a process compiles what the second one runs.
    const floors = [await bareFetch(port, messages), await bareFetch(port, messages)];
    const flushes = [
      await flush(port, join(folder, 'big-1'), 100_000, messages),
      await flush(port, join(folder, 'big-2'), 100_000, messages),
    ];
    const floorMs = least(floors.map(({ cpuMs }) => cpuMs / messages));
    const eachMs = flushes.map(({ cpuMs }) => cpuMs / messages);
    console.log(
      `flush of ${messages}: ${eachMs.map((ms) => ms.toFixed(2)).join(' and ')} ms CPU a message (budget 2); a bare fetch ${floorMs.toFixed(2)} ms: ${(least(eachMs) / floorMs).toFixed(1)} times`,
    );
    const rated = await flush(port, join(folder, 'rated'), 50, 100);
    console.log(`flush of 100 at 50 a second: ${Math.round(rated.ms)} ms (not under ${99 * 20})`);
    const bare: number[] = [];
    const cold: number[] = [];
    for (let round = 0; round < coldRuns; round++) {
      bare.push(timed(['-e', '0']));
      cold.push(
        timed([
          '--input-type=module',
          '-e',
          coldProgram,
          `http://127.0.0.1:${port}/`,
          join(folder, `cold-${round}`),
          JSON.stringify(messageOf(round)),
        ]),
      );
    }
    const [node, sent] = [least(bare), least(cold)];
    console.log(
      `cold send, the least of ${coldRuns}: ${Math.round(sent)} ms, Node alone ${Math.round(node)} ms: +${Math.round(sent - node)} ms (budget 150), ${(sent / node).toFixed(1)} times`,
    );
  } finally {
    child.kill();
    await rm(folder, { recursive: true, force: true });
  }
};

if (process.argv[2] === 'receiver') receiver();
else await main();
