import { describe, expect, it } from 'vitest';
import { replay, type Sample } from '../src/index.ts';
import { only, polls, x } from './support/polls.ts';

const suspicions = (gate: Record<string, unknown>, samples: readonly Sample[]) =>
  replay(only(gate), samples).history.map(({ gates }) => gates['gate']?.suspicious);
const ratio = { kind: 'ratio', bad: 'b', total: 't', threshold: 5, timeWindow: 5, minEvents: 1000 };
const gauge = { kind: 'quantile', gauge: 'x', threshold: 10, timeWindow: 5 };
const counts = polls([
  { b: 0, t: 0 },
  { b: 0, t: 100 },
  { b: 6, t: 200 },
  { b: 6, t: 200 },
  { b: 11, t: 300 },
  { b: 12, t: 300 },
]);

describe('suspicious is', () => {
  it.each([
    [
      'a ratio whose newest two readings are beyond',
      ratio,
      counts,
      [false, false, true, false, false, false],
    ],
    [
      'no gate that only observes',
      { ...ratio, mode: 'observe' },
      counts,
      [false, false, false, false, false, false],
    ],
    [
      'a gauge whose newest reading is beyond',
      gauge,
      x(1, 11, 1, null),
      [false, true, false, false],
    ],
    [
      'a newest reading that still stands',
      gauge,
      x(1, 1, 1, 11, null, 1),
      [false, false, false, true, true, false],
    ],
    [
      'with `for` the newest verdict, not the newest reading',
      { ...gauge, for: 3 },
      x(1, 1, 1, 11),
      [false, false, false, false],
    ],
    [
      'with `for` a verdict that is beyond',
      { ...gauge, for: 3 },
      x(11, 11, 11, 11),
      [false, false, true, true],
    ],
    ['a level that broke no more', { kind: 'level', gauge: 'x', threshold: 10 }, x(11), [false]],
  ] as const)('%s', (_title, gate, samples, expected) => {
    expect(suspicions(gate, samples)).toEqual(expected);
  });

  it('a check that fails, until one is OK; what is not known changes nothing', () => {
    const samples = [true, false, null, true].map((ok, i) => ({ at: i * 30_000, health: { ok } }));
    for (const gate of [
      { kind: 'consecutive', threshold: 2 },
      { kind: 'share', threshold: 90, timeWindow: 5 },
    ])
      expect(suspicions(gate, samples)).toEqual([false, true, true, false]);
  });
});
