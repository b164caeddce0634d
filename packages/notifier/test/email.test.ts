import { readFileSync } from 'node:fs';
import { canary } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { classifySmtp } from '../src/delivery/classify-smtp.ts';
import type { ChannelConfig, NotifierOptions } from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';
import { simpleMail } from './simple-mail.ts';
import {
  caFile,
  expiredFile,
  smtpError,
  startPlainServer,
  startSmtpServer,
} from './smtp-test-server.ts';

const expired = readFileSync(expiredFile, 'utf8');

const mailTo = (
  address: string,
  to: string[] = ['b@x.test'],
  more: Partial<Extract<ChannelConfig, { type: 'email' }>> = {},
): ChannelConfig => ({
  type: 'email',
  name: 'mail',
  smtp: address,
  from: 'Deploy <deploy@example.org>',
  to,
  caFile,
  perSecond: 1000,
  ...more,
});

const start = (config: ChannelConfig, more: Partial<NotifierOptions> = {}) =>
  startNotifier([config], more);

describe('a mail', () => {
  it('goes encrypted, as text and HTML, with fixed ids, to the envelope that was configured', async () => {
    const server = await startSmtpServer({ login: { user: 'ops', password: 'pä:ss' } });
    const config = mailTo(server.address.replace('//', `//ops:${encodeURIComponent('pä:ss')}@`), [
      'Ops <a@x.test>',
      'b@x.test',
    ]);
    const { notifier } = await start(config);
    expect(await notifier.send(message())).toMatchObject([{ status: 'accepted', attempts: 1 }]);
    const [mail] = server.mails;
    expect(mail).toMatchObject({ to: ['a@x.test', 'b@x.test'], wasEncrypted: true, user: 'ops' });
    const { headers } = simpleMail(mail?.raw ?? '');
    expect(headers['message-id']).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(headers['references']).toMatch(/^<[0-9a-f]{32}@example\.org>$/);
    expect(headers).toMatchObject({
      'auto-submitted': 'auto-generated',
      'x-auto-response-suppress': 'All',
      subject: 'dhash production: gate p95 broke',
    });
    expect(mail?.raw.indexOf('text/plain')).toBeLessThan(mail?.raw.indexOf('text/html') ?? 0);
  });

  it('can carry no header, recipient or second subject in from a title', async () => {
    const server = await startSmtpServer();
    const { notifier } = await start(mailTo(server.address));
    await notifier.send(message({ title: '[prod] échec\r\nBcc: evil@x.test' }));
    const [mail] = server.mails;
    expect(mail?.to).toEqual(['b@x.test']);
    const { head, headers } = simpleMail(mail?.raw ?? '');
    expect(head.match(/^subject:/gim)).toHaveLength(1);
    expect(head).not.toMatch(/^bcc:/im);
    expect(headers['subject']).toBe(
      '=?UTF-8?Q?=5Bprod=5D_=C3=A9chec_Bcc=3A_evil=40x=2E?= =?UTF-8?Q?test?=',
    );
  });

  it('is not sent, and no password either, where the server has no STARTTLS', async () => {
    const server = await startSmtpServer({
      login: { user: 'ops', password: canary },
      options: { disabledCommands: ['STARTTLS'], allowInsecureAuth: true },
    });
    const address = server.address.replace('//', `//ops:${canary}@`);
    const { notifier, dead } = await start(mailTo(address));
    expect(await notifier.send(message())).toMatchObject([
      { status: 'spooled', attempts: 3, reason: expect.stringMatching(/ETLS.*people are needed/) },
    ]);
    expect(server.commands).toEqual([]);
    expect(await dead()).toHaveLength(0);
  });

  it('goes in the clear only where that was asked for', async () => {
    const server = await startSmtpServer({ options: { disabledCommands: ['STARTTLS'] } });
    const { notifier } = await start(mailTo(server.address, ['b@x.test'], { requireTls: false }));
    expect(await notifier.send(message())).toMatchObject([{ status: 'accepted' }]);
    expect(server.mails[0]?.wasEncrypted).toBe(false);
  });

  it('does not go to a server whose certificate nobody vouches for', async () => {
    const server = await startSmtpServer();
    const { caFile: _, ...config } = mailTo(server.address) as Extract<
      ChannelConfig,
      { type: 'email' }
    >;
    const { notifier } = await start(config);
    expect(await notifier.send(message())).toMatchObject([{ status: 'spooled', attempts: 3 }]);
    expect(server.commands).toEqual([]);
    expect((await notifier.status()).channels).toMatchObject([
      { needsPeople: expect.stringMatching(/certificate or TLS is not accepted/) },
    ]);
  });

  it.each(['b@x.test, evil@x.test', 'group: a@x.test;', 'no-address', 'a b@x.test'])(
    'refuses the recipient %s',
    async (to) => {
      const server = await startSmtpServer();
      const { notifier } = await start(mailTo(server.address, [to]));
      expect(await notifier.send(message())).toMatchObject([{ status: 'dead', attempts: 1 }]);
      expect(server.commands).toEqual([]);
    },
  );
});

describe('recipients of one mail', () => {
  it('are served apart: taken, refused, and kept for later, under one Message-ID', async () => {
    let isOver = false;
    const server = await startSmtpServer({
      onRecipient: (address) => {
        if (address.startsWith('bad')) return smtpError(550, '5.1.1 no such user');
        return address.startsWith('slow') && !isOver ? smtpError(451, '4.3.0 later') : null;
      },
    });
    const config = mailTo(server.address, ['b@x.test', 'bad@x.test', 'slow@x.test']);
    const { notifier, everything, spooled } = await start(config);
    expect(await notifier.send(message())).toMatchObject([
      { status: 'spooled', refused: [expect.stringMatching(/^bad@x\.test: 550/)] },
    ]);
    expect(server.mails.map(({ to }) => to)).toEqual([['b@x.test']]);
    expect((await notifier.status()).dead).toMatchObject([
      { reason: expect.stringContaining('bad@x.test: 550 5.1.1 no such user') },
    ]);
    expect(await everything()).not.toContain('slow@x.test');
    isOver = true;
    expect(await notifier.flush()).toMatchObject({ accepted: 1 });
    expect(server.mails.map(({ to }) => to)).toEqual([['b@x.test'], ['slow@x.test']]);
    const ids = server.mails.map(({ raw }) => simpleMail(raw).headers['message-id']);
    expect(new Set(ids).size).toBe(1);
    expect(await spooled()).toEqual([]);
  });

  it('are all refused, some for now: only those are tried again', async () => {
    const server = await startSmtpServer({
      onRecipient: (address) => smtpError(address.startsWith('bad') ? 550 : 451, 'no'),
    });
    const { notifier } = await start(mailTo(server.address, ['bad@x.test', 'slow@x.test']));
    await notifier.send(message());
    // The first try names both, the four after it only the one that may still be taken.
    expect(server.commands.filter((command) => command === 'RCPT')).toHaveLength(6);
  });
});

describe('one recipient that can not be served costs that one only', () => {
  it('an address that is none: the others get the mail, and it is told once', async () => {
    let isOver = false;
    const server = await startSmtpServer({
      onRecipient: (address) =>
        address.startsWith('slow') && !isOver ? smtpError(451, 'greylisted') : null,
    });
    const { notifier } = await start(mailTo(server.address, ['b@x.test', 'nobody', 'slow@x.test']));
    expect(await notifier.send(message())).toMatchObject([
      { status: 'spooled', refused: [expect.stringContaining('"nobody" is not one mail address')] },
    ]);
    isOver = true;
    const { receipts } = await notifier.flush();
    expect(receipts).toMatchObject([{ status: 'accepted' }]);
    expect(receipts[0]).not.toHaveProperty('refused');
    expect(server.mails.map(({ to }) => to)).toEqual([['b@x.test'], ['slow@x.test']]);
    expect((await notifier.status()).dead).toHaveLength(1);
  });

  it('an address that is not ASCII, where the server takes none: refused by itself', async () => {
    const server = await startSmtpServer({
      options: { hideSMTPUTF8: true },
      onRecipient: (address) => (/^\p{ASCII}*$/u.test(address) ? null : smtpError(553, '5.6.7 no')),
    });
    const { notifier } = await start(mailTo(server.address, ['b@x.test', 'jörg@x.test']));
    expect(await notifier.send(message())).toMatchObject([
      { status: 'accepted', refused: [expect.stringMatching(/^jörg@x\.test: 553/)] },
    ]);
    expect(server.mails.map(({ to }) => to)).toEqual([['b@x.test']]);
    // A head that is not ASCII could be refused for all.
    expect(simpleMail(server.mails[0]?.raw ?? '').head).toMatch(/^\p{ASCII}*$/u);
  });

  it('an address that is not ASCII, where the server takes them: served', async () => {
    const server = await startSmtpServer({ options: { hideSMTPUTF8: false } });
    const { notifier } = await start(mailTo(server.address, ['jörg@x.test']));
    expect(await notifier.send(message())).toMatchObject([{ status: 'accepted' }]);
    expect(server.mails.map(({ to }) => to)).toEqual([['jörg@x.test']]);
  });

  it('a domain in Unicode goes out as its A-label, a part in quotes in its quotes', async () => {
    const server = await startPlainServer();
    const to = ['"Doe, Jane" <jane@X.test>', 'ops@münchen.example', '"j, doe"@x.test'];
    const { notifier } = await start(mailTo(server.address, to, { requireTls: false }));
    expect(await notifier.send(message())).toMatchObject([{ status: 'accepted' }]);
    expect(server.lines.filter((line) => line.startsWith('RCPT'))).toEqual([
      'RCPT TO:<jane@x.test>',
      'RCPT TO:<ops@xn--mnchen-3ya.example>',
      'RCPT TO:<"j, doe"@x.test>',
    ]);
  });
});

describe('a server that is slow, or whose certificate is over', () => {
  it('gets the time in a flush that a command does not have', async () => {
    const server = await startPlainServer({ greetsAfterMs: 300 });
    const short = { retry: { tries: 1, tryMs: 100 } };
    const first = await start(mailTo(server.address, ['b@x.test'], { requireTls: false }), short);
    expect(await first.notifier.send(message())).toMatchObject([{ status: 'spooled' }]);
    const { notifier } = await start(mailTo(server.address, ['b@x.test'], { requireTls: false }), {
      folder: first.folder,
    });
    expect(await notifier.flush()).toMatchObject({ accepted: 1 });
  });

  it.each(['smtp', 'smtps'])('%s: waits for a new one, and asks for people', async (scheme) => {
    const old = await startSmtpServer({ options: { cert: expired, secure: scheme === 'smtps' } });
    const config = (port: number) => mailTo(`${scheme}://localhost:${port}`);
    const first = await start({ ...config(old.port), caFile: expiredFile } as ChannelConfig);
    expect(await first.notifier.send(message())).toMatchObject([
      {
        status: 'spooled',
        attempts: 3,
        reason:
          'its certificate or TLS is not accepted (CERT_HAS_EXPIRED); people are needed; it waits until then',
      },
    ]);
    expect((await first.notifier.status()).channels).toMatchObject([
      { needsPeople: 'its certificate or TLS is not accepted (CERT_HAS_EXPIRED)' },
    ]);
    const renewed = await startSmtpServer({ options: { secure: scheme === 'smtps' } });
    const { notifier } = await start(config(renewed.port), { folder: first.folder });
    expect(await notifier.flush()).toMatchObject({ accepted: 1 });
    expect((await notifier.status()).channels).toMatchObject([{ needsPeople: null }]);
  });
});

describe('a server that refuses', () => {
  const quick = { tries: 2, backoffMs: 1 };

  it.each<[string, Parameters<typeof startSmtpServer>[0], object, object?]>([
    [
      '421 at MAIL',
      { onSender: () => smtpError(421, 'closing') },
      { status: 'spooled', attempts: 2 },
    ],
    [
      '550 at RCPT',
      { onRecipient: () => smtpError(550, 'no such user') },
      { status: 'dead', attempts: 1 },
    ],
    [
      '451 after DATA',
      { onMail: () => smtpError(451, 'later') },
      { status: 'spooled', attempts: 2 },
    ],
    [
      '552 after DATA',
      { onMail: () => smtpError(552, 'too big') },
      { status: 'dead', attempts: 1 },
    ],
    [
      '503 after DATA',
      { onMail: () => smtpError(503, 'bad order') },
      { status: 'spooled', attempts: 2 },
    ],
    [
      'a connection dropped after DATA',
      { onMail: () => 'drop' },
      { status: 'spooled', attempts: 2 },
    ],
    [
      'no answer after DATA',
      { onMail: () => 'hang' },
      { status: 'spooled', attempts: 2 },
      { tryMs: 400 },
    ],
  ])('%s', async (_name, handlers, expected, waits = {}) => {
    const server = await startSmtpServer(handlers);
    const { notifier } = await start(mailTo(server.address), { retry: { ...quick, ...waits } });
    expect(await notifier.send(message())).toMatchObject([expected]);
  });

  it('does not know the password: dead, and the password is nowhere', async () => {
    const server = await startSmtpServer({ login: { user: 'ops', password: 'right' } });
    const address = server.address.replace('//', `//ops:${canary}@`);
    const { notifier, everything } = await start(mailTo(address));
    const receipts = await notifier.send(message());
    expect(receipts).toMatchObject([
      { status: 'dead', attempts: 1, reason: expect.stringContaining('535') },
    ]);
    expect(JSON.stringify(receipts) + (await everything())).not.toContain(canary);
  });
});

describe('classifySmtp', () => {
  const failure = {
    code: 'EENVELOPE',
    originalCode: '',
    responseCode: null,
    isPermanent: null,
    response: '',
    command: '',
  };
  it.each([
    [{ ...failure, code: 'EPROTOCOL', responseCode: 554, isPermanent: true }, 'permanent'],
    [{ ...failure, code: 'EPROTOCOL', responseCode: 421, isPermanent: false }, 'transient'],
    [{ ...failure, code: 'EAUTH', responseCode: 454, isPermanent: false }, 'transient'],
    [{ ...failure, code: 'EFILEACCESS' }, 'permanent'],
    [{ ...failure, code: 'EURLACCESS' }, 'permanent'],
    [failure, 'permanent'],
    [{ ...failure, code: 'EDNS' }, 'transient'],
  ])('%j is %s', (given, kind) => {
    expect(classifySmtp(given, '')).toMatchObject({ kind });
  });

  it.each([
    ['ECONNECTION', 'DATA', true],
    ['ESOCKET', 'CONN', false],
    ['EDNS', '', false],
    ['ETIMEDOUT', 'CONN', false],
    ['ETIMEDOUT', 'DATA', true],
  ])('%s at %s may have arrived: %s', (code, command, isAmbiguous) => {
    expect(classifySmtp({ ...failure, code, command }, '')).toMatchObject({ isAmbiguous });
  });
});
