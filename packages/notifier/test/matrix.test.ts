import type { ServerResponse } from 'node:http';
import { startHttpServer } from '@dhash/testkit';
import { expect, it } from 'vitest';
import type { ChannelConfig } from '../src/index.ts';
import { message } from './messages.ts';
import { httpChannel, startMs, startNotifier } from './notifier-kit.ts';
import { caFile, smtpError, startSmtpServer } from './smtp-test-server.ts';

/** What a fault does, and what is to become of a message that meets it once. */
interface Fault {
  readonly name: string;
  /** `taken`: the receiver has the message, the sender can't know. */
  readonly becomes: 'spooled' | 'dead' | 'taken';
}
interface HttpFault extends Fault {
  readonly act: (response: ServerResponse) => void;
}

const answer =
  (status: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

const drip = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': '1000' });
  const timer = setInterval(() => response.write('o'), 40);
  response.on('close', () => clearInterval(timer));
};

const httpFaults: readonly HttpFault[] = [
  { name: '429 seconds', becomes: 'spooled', act: answer(429, { 'retry-after': '60' }) },
  { name: '429 decimal', becomes: 'spooled', act: answer(429, { 'retry-after': '60.5' }) },
  {
    name: '429 date',
    becomes: 'spooled',
    act: answer(429, { 'retry-after': new Date(startMs + 60_000).toUTCString() }),
  },
  {
    name: '429 JSON',
    becomes: 'spooled',
    act: answer(429, { 'content-type': 'application/json' }, '{"retry_after":60.5}'),
  },
  { name: '500', becomes: 'spooled', act: answer(500) },
  { name: '503', becomes: 'spooled', act: answer(503, {}, '<html>busy</html>') },
  { name: 'hang before the answer', becomes: 'taken', act: () => undefined },
  { name: 'reset', becomes: 'taken', act: (response) => void response.destroy() },
  { name: 'redirect', becomes: 'dead', act: answer(307, { location: 'https://evil.test/' }) },
  { name: '400', becomes: 'dead', act: answer(400, {}, 'invalid_payload') },
];

/** Only where the body decides: elsewhere a 2xx is a success, whatever follows it. */
const bodyFaults: readonly HttpFault[] = [
  {
    name: 'hang in the body',
    becomes: 'taken',
    act: (response) => void response.writeHead(200, { 'content-length': '2' }).write('o'),
  },
  { name: 'slow drip', becomes: 'taken', act: drip },
  {
    name: '200 of a proxy, JSON type',
    becomes: 'taken',
    act: answer(200, { 'content-type': 'application/json' }, '<html>'),
  },
  { name: '200 with an error', becomes: 'dead', act: answer(200, {}, 'invalid_payload') },
];
const teamsFaults: readonly HttpFault[] = [
  {
    name: '200 with a 429',
    becomes: 'spooled',
    act: answer(200, {}, 'Microsoft Teams endpoint returned HTTP error 429 with ContextId x'),
  },
  {
    name: '200 with a 413',
    becomes: 'dead',
    act: answer(200, {}, 'Microsoft Teams endpoint returned HTTP error 413 with ContextId x'),
  },
];

const success = {
  slack: answer(200, {}, 'ok'),
  teams: answer(202),
  discord: answer(200, { 'content-type': 'application/json' }, '{"id":"1"}'),
  webhook: answer(204),
};

const smtpFaults: readonly (Fault & { readonly act: () => Error | 'drop' | 'hang' })[] = [
  { name: '421', becomes: 'spooled', act: () => smtpError(421, 'closing') },
  { name: '450', becomes: 'spooled', act: () => smtpError(450, 'busy') },
  { name: '550', becomes: 'dead', act: () => smtpError(550, 'no') },
  { name: 'drop after DATA', becomes: 'taken', act: () => 'drop' },
  { name: 'hang after DATA', becomes: 'spooled', act: () => 'hang' },
];

const policy = { retry: { tries: 1, tryMs: 250, budgetMs: 15_000, backoffMs: 1 } };
const total = { sent: 0, delivered: 0, dead: 0, lost: 0, duplicates: 0 };
const rows: string[] = [];

const run = async (
  config: ChannelConfig,
  fault: Fault,
  state: { isFaulty: boolean; copies: number },
) => {
  const { notifier, clock, spooled, dead } = await startNotifier([config], policy);
  const [first] = await notifier.send(message({ title: 'faulty' }));
  expect(first?.status, `${config.name} × ${fault.name}`).toBe(
    fault.becomes === 'dead' ? 'dead' : 'spooled',
  );
  state.isFaulty = false;
  clock.advance(120_000);
  await notifier.flush();
  const left = (await spooled()).length;
  const given = (await dead()).length;
  const expected = fault.becomes === 'taken' ? 2 : fault.becomes === 'dead' ? 0 : 1;
  expect({ copies: state.copies, left, given }, `${config.name} × ${fault.name}`).toEqual({
    copies: expected,
    left: 0,
    given: fault.becomes === 'dead' ? 1 : 0,
  });
  total.sent++;
  total.delivered += state.copies > 0 ? 1 : 0;
  total.dead += given;
  total.lost += state.copies === 0 && given === 0 && left === 0 ? 1 : 0;
  total.duplicates += Math.max(0, state.copies - 1);
  rows.push(
    `${config.name.padEnd(8)}${fault.name.padEnd(26)}${first?.status.padEnd(9)}copies ${state.copies}  dead ${given}`,
  );
};

it('every channel × every fault: nothing lost, a duplicate only where the answer was cut off', async () => {
  for (const type of ['slack', 'teams', 'discord', 'webhook'] as const) {
    const own = type === 'slack' ? bodyFaults : type === 'teams' ? teamsFaults : [];
    for (const fault of [...httpFaults, ...own]) {
      const state = { isFaulty: true, copies: 0 };
      const server = await startHttpServer((_request, response) => {
        if (!state.isFaulty || fault.becomes === 'taken') state.copies++;
        if (state.isFaulty) fault.act(response);
        else success[type](response);
      });
      await run(httpChannel(type, server.url), fault, state);
    }
  }
  for (const fault of smtpFaults) {
    const state = { isFaulty: true, copies: 0 };
    const server = await startSmtpServer({
      onMail: () => {
        if (!state.isFaulty || fault.becomes === 'taken') state.copies++;
        return state.isFaulty ? fault.act() : null;
      },
    });
    const config: ChannelConfig = {
      type: 'email',
      name: 'email',
      smtp: server.address,
      from: 'a@x.test',
      to: 'b@x.test',
      caFile,
    };
    await run(config, fault, state);
  }
  const { sent, delivered, dead, lost, duplicates } = total;
  console.log(
    [
      ...rows,
      `${sent} cases: ${delivered} delivered, ${dead} dead, ${lost} lost, ${duplicates} duplicates`,
    ].join('\n'),
  );
  expect(lost).toBe(0);
  expect(delivered + dead).toBe(sent);
}, 60_000);
