import { redactor } from '@dhash/notifier';
import { expect, it } from 'vitest';
import { factsOf, factsThatHold } from '../../src/config/secrets-in-facts.ts';

const facts = factsOf({
  env: 'production',
  service: 'shop',
  root: '/srv/shop/deploy',
  target: { type: 'releases', root: '/srv/shop/app' } as Parameters<typeof factsOf>[0]['target'],
  data: [{ name: 'orders', type: 'files', path: '/srv/shop/orders' }],
});

it.each([
  ['a password that is the environment', 'http://user:production@h/hook', "the environment's name"],
  ['a secret inside a path', '/srv/shop', 'the folder of rollout.yaml'],
  ['a password that is the name of data', 'http://user:orders@h/', 'the name of data orders'],
  ['a password that is a command', 'http://user:rollback@h/', 'the tool\'s own word "rollback"'],
])('finds %s', (_, secret, what) => {
  expect(factsThatHold(secret, facts).map((fact) => fact.what)).toContain(what);
});

it('finds nothing of a secret that stands in no name, and of none', () => {
  expect(factsThatHold('http://user:s3cret-word@h/hook', facts)).toEqual([]);
  expect(factsThatHold('', facts)).toEqual([]);
});

it('such a secret is masked in its address, and the names stay readable', () => {
  const redact = redactor(
    ['http://user:rollback@h/hook-4711'],
    facts.map(({ value }) => value),
  );
  expect(
    redact('dhash-rollout rollback --env production: http://user:rollback@h/hook-4711 failed'),
  ).toBe('dhash-rollout rollback --env production: *** failed');
});
