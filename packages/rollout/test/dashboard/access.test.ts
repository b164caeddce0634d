import { expect, it } from 'vitest';
import { accessOf } from '../../src/dashboard/access.ts';

const token = 't'.repeat(43);
const ours = {
  method: 'GET',
  host: '127.0.0.1:7317',
  site: undefined,
  url: `/${token}/events`,
};

it.each([
  ['our own page', {}, 'goes'],
  ['by the other name of this machine', { host: 'localhost:7317' }, 'goes'],
  ['typed into the address line', { site: 'none' }, 'goes'],
  ['from our own page', { site: 'same-origin' }, 'goes'],
  ['by a name that DNS leads here', { host: 'evil.test:7317' }, 403],
  ['by an address that is ours elsewhere', { host: '10.0.0.5:7317' }, 403],
  ['by another port', { host: '127.0.0.1:80' }, 403],
  ['without a name', { host: undefined }, 403],
  ['from another site', { site: 'cross-site' }, 403],
  ['from another port of this machine', { site: 'same-site' }, 403],
  ['to change something', { method: 'POST' }, 405],
  ['before another site asks whether it may', { method: 'OPTIONS' }, 405],
  ['without a token', { url: '/events' }, 403],
  ['with a part of the token', { url: `/${token.slice(1)}/events` }, 403],
  ['with more than the token', { url: `/${token}x/events` }, 403],
] as const)('a question %s', (_, changed, answer) => {
  const access = accessOf({ ...ours, ...changed }, { token, port: 7317 });
  expect(access.go ? 'goes' : access.status).toBe(answer);
});
