import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import {
  channelSchema,
  checkChannels,
  checkTemplates,
  createNotifier,
  eventNames,
} from '../src/index.ts';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';

describe('checkChannels', () => {
  it('says of each what is wrong, without the network and without a secret', () => {
    const checks = checkChannels([
      { name: 'good', type: 'slack', url: 'https://hooks.slack.com/services/a/b/c' },
      { name: 'off', type: 'teams', url: '' },
      { name: 'host', type: 'discord', url: 'https://evil.test/CANARY' },
      { name: 'key', type: 'webhook', url: 'https://x.test/', secret: 'CANARY' },
      { name: 'unsigned', type: 'webhook', url: 'https://x.test/', secret: '' },
      {
        name: 'mail',
        type: 'email',
        smtp: 'CANARY',
        from: 'nobody',
        to: ['a@x.test'],
        caFile: '/none',
      },
      { name: 'file', type: 'slack', urlFile: '/none/at/all' },
    ]);
    expect(
      checks.map(({ channel, state, problems }) => `${channel} ${state} ${problems.length}`),
    ).toEqual([
      'good on 0',
      'off off 1',
      'host bad 1',
      'key bad 1',
      'unsigned off 1',
      'mail bad 3',
      'file bad 1',
    ]);
    expect(JSON.stringify(checks)).not.toContain('CANARY');
  });
});

it.each([
  ['smtp://ops:CANARY%@mail.test', /^its smtp address has a % in its user or password .*write %25/],
  ['smtp://ops:CANARY%E0%A4@mail.test', /^its smtp address has a % /],
  ['smtp:///CANARY', /^its smtp address is not smtp:\/\/\[user:password@]host/],
])('the check of %s says what sending would', async (smtp, says) => {
  const channel = {
    type: 'email',
    name: 'mail',
    smtp,
    from: 'a@x.test',
    to: 'b@x.test',
  } as const;
  expect(checkChannels([channel])).toMatchObject([
    { state: 'bad', problems: [expect.stringMatching(says)] },
  ]);
  const { notifier } = await startNotifier([channel]);
  const [receipt] = await notifier.send(message());
  expect(receipt).toMatchObject({ status: 'dead', reason: expect.stringMatching(says) });
  expect(JSON.stringify(receipt)).not.toContain('CANARY');
});

it('a caFile that is gone is told by name, and the mail is kept', async () => {
  const { notifier } = await startNotifier([
    {
      type: 'email',
      name: 'mail',
      smtp: 'smtp://127.0.0.1:2',
      from: 'a@x.test',
      to: ['b@x.test'],
      caFile: '/none',
    },
  ]);
  expect(await notifier.send(message())).toMatchObject([
    {
      status: 'spooled',
      reason: "its caFile /none can't be read (ENOENT); people are needed; it waits until then",
    },
  ]);
});

describe('checkTemplates', () => {
  it('lists mistakes, or else the events without a template', async () => {
    const folder = await tempFolder();
    await writeFile(join(folder, 'test.yaml'), 'event: test\ntitle: "{{service}}"\n');
    expect(await checkTemplates(folder)).toEqual({
      issues: [],
      missing: eventNames.filter((event) => event !== 'test'),
    });
    await writeFile(join(folder, 'success.yaml'), 'event: success\ntitel: x\n');
    expect((await checkTemplates(folder)).issues).toMatchObject([
      { line: 2, column: 1 },
      { line: 1 },
    ]);
  });
});

describe('test', () => {
  it('tries every channel once, keeps nothing, and tells each result', async () => {
    const good = await startHttpServer((_request, response) => void response.end('ok'));
    const gone = await startHttpServer((_request, response) => void response.writeHead(404).end());
    const { notifier, spooled, dead } = await startNotifier([
      { ...httpChannel('slack', good.url, 'chat'), events: ['other'] },
      httpChannel('teams', gone.url, 'crew'),
      { type: 'discord', name: 'off', url: '' },
    ]);
    expect(await notifier.test(message({ severity: 'info' }))).toMatchObject([
      { channel: 'chat', status: 'delivered' },
      {
        channel: 'crew',
        status: 'lost',
        attempts: 1,
        reason: '404: the workflow is gone',
      },
      { channel: 'off', status: 'off' },
    ]);
    expect([...(await spooled()), ...(await dead())]).toEqual([]);
  });
});

describe('a configuration', () => {
  it.each([
    [{ type: 'slack' }, 'needs "url" or "urlFile"'],
    [{ type: 'slack', url: 'x', urlFile: 'y' }, 'exclude each other'],
    [{ type: 'slack', url: 'x', ulr: 'y' }, 'ulr'],
    [{ type: 'email', from: 'a@x.test', to: 'b@x.test' }, 'needs "smtp" or "smtpFile"'],
    [{ type: 'pager', url: 'x' }, 'type'],
    [{ type: 'webhook', url: 'x', secret: 'a', secretFile: 'b' }, 'exclude each other'],
  ])('%j is refused', (settings, says) => {
    const parsed = channelSchema.safeParse(settings);
    expect(parsed.success).toBe(false);
    expect(JSON.stringify(parsed.error?.issues)).toContain(says.replaceAll('"', '\\"'));
  });

  it('with one name twice is refused, as is an unknown channel', async () => {
    const one = { type: 'slack', name: 'a', url: '' } as const;
    expect(() => createNotifier({ channels: [one, one], folder: 'x' })).toThrow(
      'a: the name is used twice',
    );
    const { notifier } = await startNotifier([one]);
    await expect(notifier.send(message(), { channels: ['b'] })).rejects.toMatchObject({
      code: 'unknown-channel',
      message: 'there is no channel "b"; configured: a',
    });
    await expect(notifier.send(message({ id: '../x' }))).rejects.toMatchObject({
      code: 'bad-message',
    });
  });
});
