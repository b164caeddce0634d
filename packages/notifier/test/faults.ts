import type { ServerResponse } from 'node:http';
import { startMs } from './notifier-kit.ts';
import { smtpError, type startSmtpServer } from './smtp-test-server.ts';

/**
 * What becomes of a message that meets a fault once. `spooled`: the receiver does not have it, and a
 * flush brings it. `taken`: the receiver has it and the sender can't know, so a flush brings one copy
 * more. `dead`: refused for good. `delivered`, `accepted`: no fault to this kind of channel.
 */
export type Outcome = 'spooled' | 'taken' | 'dead' | 'delivered' | 'accepted';

/** The HTTP channels. */
export const httpTypes = ['slack', 'teams', 'discord', 'webhook'] as const;
export type HttpType = (typeof httpTypes)[number];

export interface HttpFault {
  readonly name: string;
  readonly becomes: Outcome | Readonly<Record<HttpType, Outcome>>;
  readonly act: (response: ServerResponse) => void;
  /** The answer never comes to its end. */
  readonly hangs?: true;
}

const answer =
  (status: number, headers: Record<string, string> = {}, body = '') =>
  (response: ServerResponse) =>
    void response.writeHead(status, headers).end(body);

/** Headers and a byte now and then, until the sender hangs up. */
const drip = (response: ServerResponse): void => {
  response.writeHead(200, { 'content-length': '1000' });
  const timer = setInterval(() => response.write('o'), 40);
  response.on('close', () => clearInterval(timer));
};

/** A 2xx is enough for Discord, Teams and a webhook; Slack's is its body. */
const onlyBodyDecides = {
  slack: 'taken',
  teams: 'accepted',
  discord: 'delivered',
  webhook: 'delivered',
} as const;

const limited = (name: string, headers: Record<string, string>, body = ''): HttpFault => ({
  name: `429 ${name}`,
  becomes: 'spooled',
  act: answer(429, headers, body),
});

const json = { 'content-type': 'application/json' };
const teamsSays = (status: number) =>
  `Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error ${status} with ContextId x`;

/** Every fault that an HTTP receiver, or what lies before it, was seen to have. NOTIFY.md 1 and 2. */
export const httpFaults: readonly HttpFault[] = [
  limited('without a hint', {}),
  limited('seconds', { 'retry-after': '60' }),
  limited('decimal seconds', { 'retry-after': '60.5' }),
  limited('date', { 'retry-after': new Date(startMs + 60_000).toUTCString() }),
  limited('X-RateLimit-Reset-After', { 'x-ratelimit-reset-after': '60.25' }),
  limited('JSON retry_after', json, '{"message":"slow down","retry_after":60.5,"global":false}'),
  ...[408, 500, 502, 503, 504, 529].map(
    (status): HttpFault => ({
      name: `${status}`,
      becomes: 'spooled',
      act: answer(status, {}, '<html>busy</html>'),
    }),
  ),
  { name: 'hang before the answer', becomes: 'taken', act: () => undefined, hangs: true },
  {
    name: 'hang in the body',
    becomes: onlyBodyDecides,
    act: (response) => void response.writeHead(200, { 'content-length': '2' }).write('o'),
    hangs: true,
  },
  {
    name: 'hang after the body',
    becomes: { ...onlyBodyDecides, slack: 'delivered' },
    // Chunked, and the last chunk never comes.
    act: (response) => void response.writeHead(200).write('ok'),
    hangs: true,
  },
  { name: 'slow drip', becomes: onlyBodyDecides, act: drip, hangs: true },
  { name: 'reset', becomes: 'taken', act: (response) => void response.destroy() },
  {
    name: 'reset in the body',
    becomes: onlyBodyDecides,
    act: (response) => {
      response.writeHead(200, { 'content-length': '9' }).write('o');
      setTimeout(() => response.destroy(), 20);
    },
  },
  {
    name: 'wrong content type',
    becomes: { slack: 'taken', teams: 'dead', discord: 'dead', webhook: 'delivered' },
    act: answer(200, json, '<html>a proxy</html>'),
  },
  {
    name: '200 with an error',
    becomes: { slack: 'dead', teams: 'accepted', discord: 'dead', webhook: 'delivered' },
    act: answer(200, {}, 'invalid_payload'),
  },
  {
    name: '200 with a 429 inside',
    becomes: { slack: 'dead', teams: 'spooled', discord: 'dead', webhook: 'delivered' },
    act: answer(200, {}, teamsSays(429)),
  },
  {
    name: '200 with a 413 inside',
    becomes: { slack: 'dead', teams: 'dead', discord: 'dead', webhook: 'delivered' },
    act: answer(200, {}, teamsSays(413)),
  },
  ...[301, 302, 307, 308].map(
    (status): HttpFault => ({
      name: `redirect ${status}`,
      becomes: 'dead',
      act: answer(status, { location: 'https://evil.test/' }),
    }),
  ),
  ...[400, 401, 403, 404, 410, 413].map(
    (status): HttpFault => ({
      name: `${status}`,
      becomes: 'dead',
      act: answer(status, {}, 'invalid_payload'),
    }),
  ),
];

/** What each receiver answers when nothing is wrong. */
export const success: Readonly<Record<HttpType, (response: ServerResponse) => void>> = {
  slack: answer(200, {}, 'ok'),
  teams: answer(202),
  discord: answer(200, json, '{"id":"1"}'),
  webhook: answer(204),
};

type SmtpHandlers = NonNullable<Parameters<typeof startSmtpServer>[0]>;

export interface SmtpFault {
  readonly name: string;
  readonly becomes: Outcome;
  /** The server never answers the mail. */
  readonly hangs?: true;
  /** How the server is set up; `isFaulty` turns to false before the flush. */
  readonly server: (state: { readonly isFaulty: boolean }) => SmtpHandlers;
}

const refusing =
  (code: number) =>
  ({ isFaulty }: { isFaulty: boolean }) =>
    isFaulty ? smtpError(code, 'no') : null;

const at = (
  name: string,
  becomes: Outcome,
  where: 'onSender' | 'onRecipient' | 'onMail' | 'onLogin',
  code: number,
): SmtpFault => ({
  name,
  becomes,
  server: (state) => ({ [where]: () => refusing(code)(state) }),
});

const onMail = (name: string, becomes: Outcome, fault: 'drop' | 'hang'): SmtpFault => ({
  name,
  becomes,
  server: (state) => ({ onMail: () => (state.isFaulty ? fault : null) }),
});

export const smtpFaults: readonly SmtpFault[] = [
  at('AUTH 454', 'spooled', 'onLogin', 454),
  at('AUTH 535', 'dead', 'onLogin', 535),
  at('421 at MAIL', 'spooled', 'onSender', 421),
  at('450 at RCPT', 'spooled', 'onRecipient', 450),
  at('550 at RCPT', 'dead', 'onRecipient', 550),
  at('421 after DATA', 'spooled', 'onMail', 421),
  at('450 after DATA', 'spooled', 'onMail', 450),
  at('503 after DATA', 'spooled', 'onMail', 503),
  at('552 after DATA', 'dead', 'onMail', 552),
  {
    name: 'drop mid-DATA',
    becomes: 'spooled',
    server: (state) => ({ onChunk: () => (state.isFaulty ? 'drop' : null) }),
  },
  onMail('drop after DATA', 'taken', 'drop'),
  { ...onMail('hang after DATA', 'spooled', 'hang'), hangs: true },
];
