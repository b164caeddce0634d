import { describe, expect, it } from 'vitest';
import { replay, startWatch } from '../src/index.ts';
import { level, only, polls } from './support/polls.ts';

describe('a time', () => {
  const reasonsAt = (at: unknown) =>
    startWatch(only(level), { startedAt: 0 }).observe({ at: at as string, health: { ok: true } })
      .reasons;
  it.each([
    ['1970-01-01T00:01:00Z', 60_000],
    ['1970-01-01T00:01:00.250Z', 60_250],
    ['1970-01-01T01:01:00+01:00', 60_000],
    [60_000.9, 60_000],
  ])('is RFC 3339 or epoch ms: %s', (at, ms) => {
    const { reasons, at: read } = startWatch(only(level), { startedAt: 0 }).observe({ at });
    expect([reasons, read]).toEqual([[], ms]);
  });

  it.each([
    '1',
    '2026',
    '2026-11-25',
    '2026-11-25T07:00Z',
    '2026-11-25 07:00:00Z',
    // Without a zone it would be another instant on another machine.
    '2026-11-25T07:00:00',
    'Wed Nov 25 2026',
    'soon',
    '',
    Number.NaN,
    null,
  ])('is not %j', (at) => {
    expect(reasonsAt(at)).toEqual(['sample refused: its `at` is neither epoch ms nor RFC 3339']);
  });
});

describe('a huge counter', () => {
  const most = Number.MAX_VALUE;
  const numbers = (gate: Record<string, unknown>, metrics: readonly Record<string, unknown>[]) =>
    replay(only(gate), polls(metrics)).history.map(({ gates }) => {
      const { value, events, sentence } = gates['gate'] ?? {};
      expect(sentence).not.toMatch(/NaN|Infinity/);
      return [value, events];
    });

  it('is summed over a restart to a number', () => {
    const ratio = { kind: 'ratio', bad: 'b', total: 't', threshold: 99, timeWindow: 5 };
    const seen = numbers(
      ratio,
      [0, most, 0, most, most].map((t) => ({ b: 0, t })),
    );
    for (const [value, events] of seen) {
      expect([0, null]).toContain(value);
      expect(events).toBeLessThan(Infinity);
    }
  });

  it('gives a quantile, in buckets that may be huge too', () => {
    const quantile = { kind: 'quantile', histogram: 'h', q: 0.5, threshold: 2, timeWindow: 5 };
    const h = (count: number) => ({
      h: { le: { '-1e308': 0, '1e308': count, '+Inf': count }, count, sum: 0 },
    });
    const seen = numbers(quantile, [0, most, 0, most].map(h));
    for (const [value] of seen.slice(1)) expect(Math.abs(value ?? Infinity)).toBeLessThan(Infinity);
  });
});

it('a histogram with a bound that is no number, or has nothing below it, is no reading', () => {
  const gate = { kind: 'quantile', histogram: 'h', q: 0.5, threshold: 2, timeWindow: 5 };
  const readings = (bound: string) =>
    replay(only(gate), polls([{ h: { le: { [bound]: 1, 5: 2, '+Inf': 3 }, count: 3, sum: 0 } }]))
      .gates['gate']?.readings;
  expect(['1', '-1', '-Infinity', 'NaN', 'one'].map(readings)).toEqual([1, 1, 0, 0, 0]);
});
