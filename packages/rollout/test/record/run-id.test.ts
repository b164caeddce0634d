import { expect, it } from 'vitest';
import { beginsAfter, newRunId } from '../../src/record/run-id.ts';

const at = Date.UTC(2026, 10, 24, 10, 0, 0);

it.each([
  ['the first run', at, null, at],
  ['a clock that went on', at + 60_000, 'before', at + 60_000],
  ['the same second', at, 'before', at + 1000],
  ['a clock that was set back', at - 3_600_000, 'before', at + 1000],
])('begins after the newest run: %s', (_, nowMs, newest, expected) => {
  const before = newRunId(at, 'production', 'deploy', 'a1b2');
  expect(beginsAfter(nowMs, newest === null ? null : before)).toBe(expected);
});

it('takes the clock where a name tells no time', () => {
  expect(beginsAfter(at, 'some-run')).toBe(at);
});
