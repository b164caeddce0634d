import type { BacktestIncident, BacktestRule } from '@dhash/monitor';
import type { WatchPolicy } from '@dhash/quality-gates';
import { gatesFor, parseGates } from '@dhash/quality-gates/config';
import { expect, it } from 'vitest';
import { backtestHeadline } from '../src/cli/commands/backtest-headline.ts';

const hourMs = 3_600_000;
const policyOf = (more: Record<string, unknown> = {}): WatchPolicy => {
  const production = {
    duration: 60,
    autoRollback: true,
    qualityGates: { healthFailures: { threshold: 2 } },
    ...more,
  };
  const text = JSON.stringify({ environments: { production } });
  return gatesFor(parseGates(text, { file: 'gates.json' }), 'production');
};
const rule = (name: string, broke: number, watches = 720): BacktestRule => ({
  ...{ rule: name, watches, broke, inconclusive: 0, gates: '' },
});
const from = Date.parse('2026-11-12T03:10:00Z');
const incident = (afterMs: number | null): BacktestIncident => ({
  ...{ rule: 'as written', from, to: from + hourMs, afterMs, broke: [], decision: 'rollback' },
});

it.each([
  [
    'false alarms, another confidence, an incident',
    policyOf(),
    [rule('as written', 14), rule('confidence 0.99', 1)],
    [incident(150_000)],
    [
      'these gates would have rolled back 14 quiet hours of 720; with confidence 0.99: 1; and caught the incident of 2026-11-12 03:10 UTC after 2 min 30 s',
    ],
  ],
  [
    'one caught, one missed',
    policyOf({ duration: 30 }),
    [rule('as written', 0)],
    [incident(60_000), { ...incident(null), from: from + 24 * hourMs }],
    [
      'these gates would have rolled back 0 quiet watches of 720; and caught the incident of 2026-11-12 03:10 UTC after 1 min 00 s; and missed the incident of 2026-11-13 03:10 UTC',
    ],
  ],
  [
    'no incident named',
    policyOf({ autoRollback: false }),
    [rule('as written', 2)],
    [],
    [
      'these gates would have raised an alert in 2 quiet hours of 720',
      'no incident was named (--incident FROM/TO): all of that time counts as quiet',
    ],
  ],
  [
    'nothing recorded',
    policyOf(),
    [rule('as written', 0, 0)],
    [],
    ['nothing was recorded in that time: there is nothing to judge'],
  ],
])('%s', (_, policy, counts, caught, expected) => {
  expect(backtestHeadline({ policy, everyMs: hourMs, counts, caught })).toEqual(expected);
});
