import { expect, it } from 'vitest';
import { whyIgnored } from '../../src/guard/inbox-watch.ts';

const now = Date.parse('2026-11-24T12:00:00Z');

it.each([
  ['2026-11-24T11:59:55Z', null],
  ['2026-11-24T10:00:00Z', /nobody waits for an answer longer/],
  // Written under another clock: it would be taken hours later too.
  ['2026-11-24T14:00:00Z', /nobody waits for an answer longer/],
])('a request of %s', (at, says) => {
  const why = whyIgnored({ at }, now);
  if (says === null) expect(why).toBeNull();
  else expect(why).toMatch(says);
});
