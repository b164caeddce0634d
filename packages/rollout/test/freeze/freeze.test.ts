import { describe, expect, it } from 'vitest';
import { freezeAt, untilMs } from '../../src/freeze/freeze.ts';
import type { RecordedRun } from '../../src/record/runs.ts';
import { folded, recorded } from '../record/recorded.ts';

const now = Date.parse('2026-11-24T12:00:00Z');

const frozen = (run: string, until: string, lifted = false): RecordedRun => {
  const events = recorded(
    { type: 'run.opened', kind: 'freeze', env: 'production' },
    { type: 'freeze.set', until, user: 'ann', reason: 'Christmas' },
    ...(lifted ? [{ type: 'run.closed', outcome: 'done' }] : []),
  );
  return { state: folded(events, run), events };
};

describe('freezeAt', () => {
  it.each([
    ['none', [], null],
    ['one that holds', [frozen('a', '2026-11-24T12:00:01Z')], 'a'],
    ['one that has just ended', [frozen('a', '2026-11-24T12:00:00Z')], null],
    ['one that was lifted', [frozen('a', '2026-12-01T00:00:00Z', true)], null],
    [
      'an older one that lasts longer than the newest',
      [frozen('b', '2026-11-24T11:00:00Z'), frozen('a', '2026-12-01T00:00:00Z')],
      'a',
    ],
  ])('%s', (_, runs, run) => {
    expect(freezeAt(runs, now)?.run ?? null).toBe(run);
  });

  it('says until when, by whom and why', () => {
    const until = '2026-12-01T00:00:00Z';
    expect(freezeAt([frozen('a', until)], now)).toEqual({
      ...{ run: 'a', until, user: 'ann', reason: 'Christmas' },
    });
  });
});

describe('untilMs', () => {
  it.each([
    ['4h', '2026-11-24T16:00:00Z'],
    ['90m', '2026-11-24T13:30:00Z'],
    ['2026-12-24T08:00Z', '2026-12-24T08:00:00Z'],
    ['2026-12-24T08:00:30+01:00', '2026-12-24T07:00:30Z'],
  ])('%s', (given, end) => {
    expect(untilMs(given, now)).toBe(Date.parse(end));
  });

  it.each([
    ['2026-12-24T08:00', /expected a duration such as 4h, or a time with its zone/],
    ['2026-13-24T08:00Z', /expected a duration/],
    ['tomorrow', /--until tomorrow: expected/],
    ['2026-11-24T11:59Z', /is not in the future/],
  ])('refuses %s', (given, says) => {
    expect(() => untilMs(given, now)).toThrow(says);
  });
});
