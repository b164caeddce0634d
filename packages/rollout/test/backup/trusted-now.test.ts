import { expect, it } from 'vitest';
import { trustedNow } from '../../src/backup/retention/trusted-now.ts';

const DAY = 24 * 60 * 60 * 1000;
const now = Date.parse('2026-03-01T12:00:00Z');

it.each([
  ['nothing on record', [], now],
  ['something old, and a run just now', [now - 400 * DAY, now - 1000], now],
  ['nobody for 30 days', [now - 30 * DAY], now],
  ['400 days after all on record', [now - 401 * DAY, now - 400 * DAY], now - 400 * DAY],
  ['a name from the future besides', [now - 2 * DAY, now + 400 * DAY], now],
  ['nothing but a name from the future', [now + 400 * DAY], now],
])('ages by a clock that nothing contradicts: %s', (_, witnesses, trusted) => {
  expect(trustedNow(now, witnesses)).toBe(trusted);
});
