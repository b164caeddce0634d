import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { canary, startHttpServer, tempFolder } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import {
  type ChannelConfig,
  createNotifier,
  readSecretVariable,
  redactor,
  secretsOf,
} from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';

const token = 'T0ken-s3cr3t-0123456789';

describe('redactor', () => {
  const redact = redactor([
    `https://x.test/hooks/${token}?sig=abcdEFGH1234`,
    'postgres://u:hunter22@db/x',
  ]);

  it.each([
    [`POST https://x.test/hooks/${token}?sig=abcdEFGH1234 failed`, token],
    [`path /hooks/${token}`, token],
    [encodeURIComponent(`https://x.test/hooks/${token}?sig=abcdEFGH1234`), token],
    [Buffer.from(token).toString('base64'), Buffer.from(token).toString('base64')],
    ['the sig was abcdEFGH1234', 'abcdEFGH1234'],
    ['password hunter22 refused', 'hunter22'],
    [Buffer.from('\u0000u\u0000hunter22').toString('base64'), 'AHUAaHVudGVyMjI='],
  ])('masks a configured secret in %j', (text, secret) => {
    expect(redact(text)).not.toContain(secret);
    expect(redact(text)).toContain('***');
  });

  it.each([
    ['https://hooks.slack.com/services/T0/B0/abc', 'https://hooks.slack.com/***'],
    [
      'https://discord.com/api/v10/webhooks/12345/to-ken_x?wait=true',
      'https://discord.com/***?wait=true',
    ],
    ['https://a.webhook.office.com/webhookb2/x@y', 'https://a.webhook.office.com/***'],
    ['https://x.test/a?code=1&sig=abc&b=2', 'https://x.test/a?code=***&sig=***&b=2'],
    ['postgres://me:pw@db:5432/x', 'postgres://***@db:5432/x'],
    ['Authorization: Bearer abc.def-ghi', 'Authorization: Bearer ***'],
    ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', '***'],
    ['xoxb-1-2-abc', '***'],
    [
      'nothing to hide at https://x.test/report?page=2',
      'nothing to hide at https://x.test/report?page=2',
    ],
  ])('masks by shape: %s', (text, expected) => {
    expect(redactor([])(text)).toBe(expected);
  });

  it('takes no longer for a long word than for a long text', () => {
    // A search of each letter for a scheme would look at ten thousand million of them, and not end within the test.
    const word = 'a'.repeat(2 ** 19);
    expect(redactor([])(`${word} ftp://u:p@h`)).toBe(`${word} ftp://***@h`);
  });

  it('leaves words alone that stand in every webhook address', () => {
    const redactHook = redactor([
      `https://hooks.slack.com/services/T012345678/B012345678/${token}`,
    ]);
    expect(redactHook('the services and workflows of T012345678')).toBe(
      'the services and workflows of ***',
    );
  });
});

const everyChannel = (url: string, smtpPort: number): ChannelConfig[] => [
  ...(['slack', 'teams', 'discord', 'webhook'] as const).map((type) => ({
    type,
    name: type,
    url: `${url}/hook/${canary}?sig=${canary}`,
    allowPrivate: true,
    perSecond: 1000,
  })),
  {
    type: 'email',
    name: 'mail',
    smtp: `smtp://ops:${canary}@127.0.0.1:${smtpPort}`,
    from: 'a@x.test',
    to: ['b@x.test'],
  },
];

describe('a canary in every address and password', () => {
  it.each<[string, (response: import('node:http').ServerResponse) => void]>([
    [
      'echoed in a refusal',
      (response) => void response.writeHead(400).end(`bad: /hook/${canary}?sig=${canary}`),
    ],
    [
      'echoed in a 200',
      (response) => void response.writeHead(200).end(`returned HTTP error 400 ${canary}`),
    ],
    ['after a broken connection', (response) => void response.destroy()],
    ['after a 500', (response) => void response.writeHead(500).end(canary)],
  ])('is nowhere: %s', async (_name, fault) => {
    const server = await startHttpServer((_request, response) => fault(response));
    const channels = everyChannel(server.url, 9);
    const { notifier, everything } = await startNotifier(channels, {
      retry: { tries: 2, backoffMs: 1 },
    });
    const leaky = message({ summary: `failed at ${server.url}/hook/${canary} with ${canary}` });
    const receipts = await notifier.send(leaky);
    const status = await notifier.status();
    const report = await notifier.flush();
    const all = [receipts, status, report].map(
      (value) => inspect(value, { depth: 12 }) + JSON.stringify(value),
    );
    expect(all.join('\n') + (await everything())).not.toContain(canary);
    for (const { body } of server.requests) expect(body).not.toContain(canary);
  });

  it('is in no error about a configuration', async () => {
    const folder = await tempFolder();
    const bad = { type: 'slack', name: 'chat', url: 5, [canary]: 1 } as unknown as ChannelConfig;
    const attempt = () =>
      createNotifier({
        channels: [{ ...bad, url: `https://${canary}`, urlFile: canary } as ChannelConfig],
        folder,
      });
    expect(attempt).toThrow(expect.objectContaining({ code: 'bad-config' }));
    const { notifier } = await startNotifier([
      { type: 'slack', name: 'a', url: `https://evil.test/${canary}` },
      { type: 'slack', name: 'b', url: `ftp://${canary}@x.test` },
      { type: 'webhook', name: 'c', url: `https://x.test/${canary}`, secret: canary },
      { type: 'email', name: 'd', smtp: canary, from: 'a@x.test', to: 'b@x.test' },
    ]);
    const receipts = await notifier.send(message());
    expect(receipts.map(({ status }) => status)).toEqual(['dead', 'dead', 'dead', 'dead']);
    expect(JSON.stringify(receipts)).not.toContain(canary);
  });
});

describe('secrets in files', () => {
  it('are read at each send, so that they can be changed', async () => {
    const folder = await tempFolder();
    const file = join(folder, 'url.secret');
    const server = await startHttpServer((_request, response) => void response.end());
    await writeFile(file, `${server.url}/one/${canary}\n`);
    const config: ChannelConfig = { type: 'webhook', name: 'w', urlFile: file, allowPrivate: true };
    const { notifier } = await startNotifier([config]);
    await notifier.send(message({ id: 'a' }));
    await writeFile(file, `${server.url}/two/${canary}\n`);
    await notifier.send(message({ id: 'b' }));
    expect(server.requests.map(({ url }) => url)).toEqual([`/one/${canary}`, `/two/${canary}`]);
    expect(secretsOf(config)).toEqual([`${server.url}/two/${canary}`]);
    await writeFile(file, '\n');
    expect(await notifier.send(message({ id: 'c' }))).toMatchObject([
      { status: 'spooled', reason: expect.stringContaining(`${file} is empty`) },
    ]);
  });

  it('come from NAME or NAME_FILE, not both', async () => {
    const file = join(await tempFolder(), 'secret');
    await writeFile(file, 'hush\n');
    expect(readSecretVariable({ X: 'a' }, 'X')).toBe('a');
    expect(readSecretVariable({ X_FILE: file }, 'X')).toBe('hush');
    expect(readSecretVariable({}, 'X')).toBeUndefined();
    expect(() => readSecretVariable({ X: 'a', X_FILE: file }, 'X')).toThrow('both set');
    expect(() => readSecretVariable({ X_FILE: `${file}-none` }, 'X')).toThrow(`${file}-none`);
  });
});

describe('a sender that is killed', () => {
  it('loses nothing: the next flush delivers, at most once more', async () => {
    let isDown = true;
    const server = await startHttpServer((_request, response) => {
      // Never answered while down: the sender is killed in the middle of its try.
      if (!isDown) response.end();
    });
    const folder = await tempFolder();
    const config: ChannelConfig = {
      type: 'webhook',
      name: 'w',
      url: `${server.url}/${canary}`,
      allowPrivate: true,
    };
    const source = `import { createNotifier } from ${JSON.stringify(new URL('../src/index.ts', import.meta.url).href)};
      const [folder, channels, message] = JSON.parse(process.env.TO_SEND);
      await createNotifier({ channels, folder }).send(message);`;
    const script = join(folder, 'send.mts');
    await writeFile(script, source);
    // Not as arguments, where anyone on the machine could read the address.
    const child = spawn(process.execPath, [script], {
      stdio: 'inherit',
      env: { ...process.env, TO_SEND: JSON.stringify([folder, [config], message()]) },
    });
    while (server.requests.length === 0) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGKILL');
    await once(child, 'exit');
    const { notifier, spooled } = await startNotifier([config], { folder });
    expect(await spooled()).toEqual([expect.stringMatching(/\.claim$/)]);
    isDown = false;
    expect(await notifier.flush()).toMatchObject({ delivered: 1, spooled: 0 });
    expect(server.requests.map(({ headers }) => headers['webhook-id'])).toEqual(
      Array(2).fill('run-1-gate-break'),
    );
  });
});
