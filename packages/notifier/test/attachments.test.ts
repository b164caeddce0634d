import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tempFolder } from '@dhash/testkit';
import { expect, it } from 'vitest';
import type { Attachment } from '../src/index.ts';
import { parseMessage, renderWebhook } from '../src/index.ts';
import { message } from './messages.ts';
import { startNotifier } from './notifier-kit.ts';
import { startSmtpServer } from './smtp-test-server.ts';

const sendWith = async (attachments: readonly Attachment[], limitBytes?: number) => {
  const server = await startSmtpServer({ options: { disabledCommands: ['STARTTLS'] } });
  const attachmentFolder = await tempFolder();
  await mkdir(join(attachmentFolder, 'runs'));
  await writeFile(join(attachmentFolder, 'runs', 'report.html'), '<h1>rolled back</h1>');
  await writeFile(join(attachmentFolder, 'runs', 'big.zip'), Buffer.alloc(2000));
  await symlink('/etc/hostname', join(attachmentFolder, 'runs', 'link.txt'));
  const { notifier } = await startNotifier(
    [
      {
        type: 'email',
        name: 'mail',
        smtp: server.address,
        from: 'a@x.test',
        to: 'b@x.test',
        requireTls: false,
      },
    ],
    { attachmentFolder, attachmentLimitBytes: limitBytes },
  );
  const receipts = await notifier.send(message({ attachments }));
  return { receipts, raw: server.mails[0]?.raw ?? '' };
};

it('a mail carries the page of the run', async () => {
  const { receipts, raw } = await sendWith([{ name: 'report.html', path: 'runs/report.html' }]);
  expect(receipts).toMatchObject([{ status: 'accepted' }]);
  expect(raw).toMatch(/Content-Type: text\/html; charset=utf-8; name=report\.html/i);
  expect(raw).toContain('Content-Disposition: attachment; filename=report.html');
  expect(raw).toContain(Buffer.from('<h1>rolled back</h1>').toString('base64'));
});

it.each([
  ['gone.html', 'runs/gone.html', "gone.html is not attached: it can't be read (ENOENT)"],
  ['big.zip', 'runs/big.zip', 'big.zip is not attached: 2 kB is more than a mail may carry'],
  ['runs', 'runs', 'runs is not attached: it is no file'],
  ['passwd', '/etc/passwd', 'passwd is not attached: it lies elsewhere'],
  ['up', '../../../../../../etc/passwd', 'up is not attached: it lies elsewhere'],
  ['link.txt', 'runs/link.txt', 'link.txt is not attached: it lies elsewhere'],
])('%s costs no message: it is said in it', async (name, path, says) => {
  const { receipts, raw } = await sendWith([{ name, path }], 1000);
  expect(receipts).toMatchObject([{ status: 'accepted' }]);
  expect(raw).not.toContain('Content-Disposition: attachment');
  expect(raw.replace(/=\r\n/g, '')).toContain(says);
});

it('other channels do not name what they can not carry', () => {
  const attachments = [{ name: 'report.html', path: 'runs/report.html' }];
  expect(JSON.stringify(renderWebhook(message({ attachments })))).not.toContain('report.html');
});

it.each([[[{ name: '../x', path: 'x' }]], [[{ name: 'x' }]], ['x']])(
  '%j are none',
  (attachments) => {
    expect(() => parseMessage({ ...message(), attachments })).toThrow('"attachments" must be');
  },
);
