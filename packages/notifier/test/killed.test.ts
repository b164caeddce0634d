import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canary, startHttpServer, tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { type ChannelConfig, createNotifier } from '../src/index.ts';
import { message } from './messages.ts';

const preload = new URL('fixtures/kill-at-step.mjs', import.meta.url).href;
const source = `
  import { createNotifier } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
  const [folder, channels, message, what] = JSON.parse(process.env.TO_SEND);
  const notifier = createNotifier({ channels, folder, retry: { tries: 1 } });
  if (what === 'send') await notifier.send(message);
  else await notifier.flush();
`;

/** A receiver, a spool, and a sender in a process of its own that is killed at a step. */
const startCase = async () => {
  const root = await tempFolder();
  const folder = join(root, 'notifications');
  const state = { status: 204 };
  const server = await startHttpServer((_request, response) => {
    response.writeHead(state.status).end();
  });
  const config: ChannelConfig = {
    type: 'webhook',
    name: 'hook',
    url: `${server.url}/${canary}`,
    allowPrivate: true,
    perSecond: 1000,
  };
  await writeFile(join(root, 'sender.mts'), source);
  const notifier = () => createNotifier({ channels: [config], folder, retry: { tries: 1 } });
  return {
    state,
    notifier,
    /** Requests that were answered with success. */
    copies: () => server.requests.length,
    run: async (what: 'send' | 'flush', killAt: number): Promise<string[]> => {
      const steps = join(root, 'steps.json');
      const child = spawn(process.execPath, ['--import', preload, join(root, 'sender.mts')], {
        stdio: 'inherit',
        env: {
          ...process.env,
          KILL_AT: String(killAt),
          STEPS_FILE: steps,
          TO_SEND: JSON.stringify([folder, [config], message(), what]),
        },
      });
      const [exit, signal] = await once(child, 'exit');
      expect([exit, signal]).toEqual(killAt === 0 ? [0, null] : [null, 'SIGKILL']);
      return killAt === 0 ? (JSON.parse(await readFile(steps, 'utf8')) as string[]) : [];
    },
  };
};

it('a send that is killed at any step: what was kept is delivered, at most once more', async () => {
  const whole = await startCase();
  const steps = await whole.run('send', 0);
  // The message is kept from here on; before it, nothing was promised.
  const keptFrom = steps.indexOf('link') + 1;
  expect(keptFrom).toBeGreaterThan(0);
  let twice = 0;
  for (let at = 1; at <= steps.length; at++) {
    const { run, notifier, copies } = await startCase();
    await run('send', at);
    const report = await notifier().flush();
    const where = `killed before step ${at}, ${steps[at - 1]}`;
    expect(report, where).toMatchObject({ spooled: 0, dead: 0, busy: false });
    expect(copies(), where).toBeGreaterThanOrEqual(at > keptFrom ? 1 : 0);
    expect(copies(), where).toBeLessThanOrEqual(2);
    twice += copies() === 2 ? 1 : 0;
    expect((await notifier().status()).waiting, where).toEqual([]);
  }
  console.log(`a send killed at each of ${steps.length} steps: none lost, ${twice} arrived twice`);
  expect(twice).toBeLessThan(steps.length / 2);
});

it('a flush that is killed at any step: the next one delivers, at most once more', async () => {
  const spoolOne = async () => {
    const one = await startCase();
    one.state.status = 503;
    await one.notifier().send(message());
    one.state.status = 204;
    return one;
  };
  const steps = await (await spoolOne()).run('flush', 0);
  let twice = 0;
  for (let at = 1; at <= steps.length; at++) {
    const { run, notifier, copies } = await spoolOne();
    await run('flush', at);
    const report = await notifier().flush();
    const where = `killed before step ${at}, ${steps[at - 1]}`;
    expect(report, where).toMatchObject({ spooled: 0, dead: 0, busy: false });
    // The first request was answered with 503.
    const delivered = copies() - 1;
    expect(delivered, where).toBeGreaterThanOrEqual(1);
    expect(delivered, where).toBeLessThanOrEqual(2);
    twice += delivered === 2 ? 1 : 0;
    expect((await notifier().status()).waiting, where).toEqual([]);
  }
  console.log(`a flush killed at each of ${steps.length} steps: none lost, ${twice} arrived twice`);
  expect(twice).toBeLessThan(steps.length);
});
