import { expect, it } from 'vitest';
import { findingOf } from '../../src/guard/watchdog.ts';
import type { Holding } from '../../src/record/standing.ts';
import { folded, recorded } from '../record/recorded.ts';

const opened = { type: 'run.opened', kind: 'deploy', env: 'production', version: '1.1' };
const planned = { type: 'deploy.planned', version: '1.1', previous: '1.0' };
const awaiting = { type: 'deploy.awaiting-guard' };
const started = { type: 'watch.started', startedAt: 1000, fingerprint: 'f' };
const rolling = { type: 'rollback.started' };

const minute = 60_000;
const began = Date.parse('2026-11-24T10:00:00Z');

const found = (
  given: readonly { type: string }[],
  { held = 'free', at = began + minute }: { held?: Holding; at?: number } = {},
) => {
  const events = recorded(...given);
  const state = folded(events);
  const newest = { state, events };
  return findingOf({ state, rollbackUnfinished: false, held, newest }, at);
};

it.each([
  [
    'a watch without its process',
    [opened, planned, awaiting, started],
    /nobody guards the release/,
  ],
  ['a deploy that was cut off', [opened, planned], /the deploy was cut off/],
  [
    'a rollback that was cut off',
    [opened, planned, awaiting, started, rolling],
    /the rollback was cut off/,
  ],
])('finds %s', (_, events, says) => {
  expect(found(events)).toMatch(says);
  expect(found(events, { held: 'watch' })).toBeNull();
});

it('finds a deploy that nobody watches, after ten minutes', () => {
  const events = [opened, planned, awaiting];
  expect(found(events, { at: began + 9 * minute })).toBeNull();
  expect(found(events, { at: began + 12 * minute })).toMatch(/since 12 min, and nobody watches it/);
});

it('finds nothing where there is no run', () => {
  const situation = { state: null, rollbackUnfinished: false, held: 'free', newest: null } as const;
  expect(findingOf(situation, began)).toBeNull();
});
