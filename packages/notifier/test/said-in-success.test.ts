import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from 'node:zlib';
import { startHttpServer } from '@dhash/testkit';
import { describe, expect, it } from 'vitest';
import { saidInSuccess } from '../src/delivery/said-in-success.ts';
import { message } from './messages.ts';
import { httpChannel, startNotifier } from './notifier-kit.ts';

const said = (body: string) => {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    // As a channel has it: a text that is no JSON.
  }
  return saidInSuccess(body, json);
};

describe('what a chat says in a 2xx', () => {
  it.each([
    ['Slack', 'ok'],
    ['a relay in front of it', ' OK\r\n'],
    ['a relay that quotes', '"ok"'],
    ['Slack Web API', '{"ok":true,"channel":"C1","ts":"1.2"}'],
    ['Rocket.Chat, Synology', '{"success":true}'],
    ['Mattermost', '{"status":"OK"}'],
    ['Zulip', '{"result":"success","msg":"","id":42}'],
    [
      'Google Chat',
      '{"name":"spaces/AAA/messages/BBB","text":"gate broke","sender":{"type":"BOT"}}',
    ],
    ['DingTalk, WeCom', '{"errcode":0,"errmsg":"ok"}'],
    ['Feishu', '{"StatusCode":0,"StatusMessage":"success","code":0,"data":{},"msg":"success"}'],
    ['Telegram', '{"ok":true,"result":{"message_id":7,"text":"gate broke"}}'],
    ['Nextcloud Talk', '{"ocs":{"meta":{"status":"ok","statuscode":201},"data":{"id":3}}}'],
    ['a gateway', '{"statusCode":200,"body":"ok"}'],
    ['a gateway of arrays', '[{"success":true}]'],
    ['empty errors', '{"ok":true,"error":null,"errors":[],"warning":"superfluous_charset"}'],
    ['Discord', '{"id":"1","type":0,"flags":0,"pinned":false}'],
    ['a post', '{"post":{"id":"p1","text":"gate broke"}}'],
    ['a sentence', 'Message sent successfully.'],
    ['a sentence in JSON', '{"message":"Notification was delivered"}'],
    ['a sentence for a yes', '{"success":"Message sent"}'],
    ['a number as text', '{"success":"true"}'],
  ])('%s took it: %s', (_name, body) => expect(said(body).kind).toBe('taken'));

  it.each([
    '{"ok":false}',
    '{"ok":false,"error":"no_text"}',
    '{"success":false}',
    '{"success":"false"}',
    '{"success":0}',
    '{"result":"error","msg":"Invalid API key","code":"INVALID_API_KEY"}',
    '{"status":"error"}',
    '{"status":"fail","data":{"id":1}}',
    '{"errcode":310000,"errmsg":"sign not match"}',
    '{"code":19001,"msg":"param invalid","data":{}}',
    '{"id":"api.webhook","message":"Invalid webhook","status_code":400}',
    '{"ok":true,"error":"invalid_auth"}',
    '{"data":{"success":false}}',
    '{"errors":[{"message":"no"}]}',
    '{"error":{"code":400,"status":"INVALID_ARGUMENT"}}',
    '{"statusCode":500,"body":"ok"}',
    '[{"ok":true},{"ok":false}]',
    'false',
    'error',
  ])('refused: %s', (body) => expect(said(body).kind).toBe('refused'));

  it.each([
    '',
    '{}',
    '[]',
    'null',
    'not ok',
    'ok, but not delivered',
    'Message not sent',
    'Message received, but it could not be delivered',
    'invalid_payload',
    '<html><body>ok</body></html>',
    '{"message":"Webhook received a strange thing"}',
    '{"hello":"world"}',
    '{"status":0}',
    `${'{"data":'.repeat(50)}{"ok":true}${'}'.repeat(50)}`,
  ])('says neither: %s', (body) => expect(said(body).kind).toBe('unclear'));
});

const json = { 'content-type': 'application/json' };
const utf16 = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le');

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

const sendTo = async (
  type: 'slack' | 'teams' | 'discord',
  { status = 200, headers = {}, body = '' }: Answer,
) => {
  const server = await startHttpServer((_request, response) => {
    response.writeHead(status, headers).end(body);
  });
  const { notifier } = await startNotifier([httpChannel(type, server.url)]);
  const [receipt] = await notifier.send(message());
  return { receipt, posts: server.requests.length };
};

const packed = (encoding: string, body: Buffer): Answer => ({
  headers: { 'content-encoding': encoding },
  body,
});

describe('an answer is read as it was meant', () => {
  it.each<[string, Answer]>([
    ['a newline', { body: 'ok\n' }],
    ['a byte order mark', { body: '\uFEFFok' }],
    ['UTF-16 by its mark', { body: utf16('ok') }],
    [
      'UTF-16 by its type',
      {
        headers: { 'content-type': 'text/plain; charset=utf-16le' },
        body: Buffer.from('ok', 'utf16le'),
      },
    ],
    [
      'a charset nobody knows',
      { headers: { 'content-type': 'text/plain; charset="x-none"' }, body: 'ok' },
    ],
    [
      'JSON that says it is HTML',
      { headers: { 'content-type': 'text/html' }, body: '{"ok":true}' },
    ],
    ['gzip', packed('gzip', gzipSync('ok'))],
    ['x-gzip, in capitals', packed('X-GZIP', gzipSync('ok\n'))],
    ['deflate', packed('deflate', deflateSync('{"success":true}'))],
    ['deflate without its head', packed('deflate', deflateRawSync('ok'))],
    ['br', packed('br', brotliCompressSync('ok'))],
    ['zstd', packed('zstd', zstdCompressSync('ok'))],
    ['packed twice', packed('br, gzip', gzipSync(brotliCompressSync('ok')))],
    ['identity', packed('identity', Buffer.from('ok'))],
    ['204, which has no body', { status: 204 }],
  ])('%s: delivered by one POST', async (_name, answer) => {
    expect(await sendTo('slack', answer)).toMatchObject({
      receipt: { status: 'delivered', attempts: 1 },
      posts: 1,
    });
  });

  it.each<[string, Answer]>([
    ['an error that is packed', packed('gzip', gzipSync('{"ok":false,"error":"no_text"}'))],
    ['an empty 200', {}],
    ['a page', { headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' }],
    ['JSON that says neither', { headers: json, body: '{"hello":"world"}' }],
  ])('%s: dead after one POST, for people', async (_name, answer) => {
    expect(await sendTo('slack', answer)).toMatchObject({ receipt: { status: 'dead' }, posts: 1 });
  });

  it('what can not be unpacked may have arrived', async () => {
    const bomb = packed('gzip', gzipSync(Buffer.alloc(8 * 2 ** 20)));
    for (const answer of [
      packed('gzip', Buffer.from('ok')),
      packed('lzma', Buffer.from('x')),
      bomb,
    ])
      expect(await sendTo('slack', answer)).toMatchObject({
        receipt: { status: 'spooled' },
        posts: 2,
      });
  });

  it('a limit that hides in a 200 is waited for', async () => {
    const answer = {
      headers: { ...json, 'retry-after': '3600' },
      body: '{"ok":false,"error":"ratelimited"}',
    };
    expect(await sendTo('slack', answer)).toMatchObject({
      receipt: { status: 'spooled' },
      posts: 1,
    });
  });

  it('an error that names its status is taken as that status', async () => {
    const answer = { headers: json, body: '{"error":{"code":429,"status":"RESOURCE_EXHAUSTED"}}' };
    expect(await sendTo('slack', answer)).toMatchObject({ receipt: { status: 'spooled' } });
  });

  it.each<[string, 'teams' | 'discord', Answer, string]>([
    ['Teams, packed', 'teams', packed('gzip', gzipSync('1')), 'delivered'],
    [
      'Teams, a flow that answers',
      'teams',
      { headers: json, body: '{"success":true}' },
      'accepted',
    ],
    ['Teams, a flow that fails', 'teams', { headers: json, body: '{"ok":false}' }, 'dead'],
    ['Teams, a page', 'teams', { body: '<!DOCTYPE html><title>Sign in</title>' }, 'dead'],
    [
      'Discord, a chat like it',
      'discord',
      { headers: json, body: '{"success":true}' },
      'delivered',
    ],
    [
      'Discord, an id that is a number',
      'discord',
      { headers: json, body: '{"id":12}' },
      'delivered',
    ],
    [
      'Discord, refused in a 200',
      'discord',
      { headers: json, body: '{"code":50035,"message":"Invalid Form Body"}' },
      'dead',
    ],
    ['Discord, a page', 'discord', { body: '<html></html>' }, 'dead'],
  ])('%s', async (_name, type, answer, status) => {
    expect(await sendTo(type, answer)).toMatchObject({ receipt: { status }, posts: 1 });
  });
});
