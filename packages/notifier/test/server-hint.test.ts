import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { serverHintMs } from '../src/index.ts';
import { startMs } from './notifier-kit.ts';

const dayMs = 24 * 3_600_000;
/** The same instant, a minute from now, as each of them is written. */
const inAMinute = startMs + 60_000;

const hint = (headers: Record<string, string>, json?: unknown): number | null =>
  serverHintMs({ header: (name) => headers[name] ?? null, json }, startMs);

describe('serverHintMs', () => {
  it.each<[Record<string, string>, unknown, number | null]>([
    [{ 'retry-after': '1' }, undefined, 1000],
    [{ 'retry-after': '0.7' }, undefined, 700],
    [{ 'retry-after': '0' }, undefined, 0],
    [{ 'retry-after': '99999999999' }, undefined, dayMs],
    [{ 'retry-after': '-5' }, undefined, null],
    [{ 'retry-after': 'soon' }, undefined, null],
    [{ 'retry-after': 'Mon, 23 Nov 2026 20:01:00 GMT' }, undefined, 60_000],
    [{ 'retry-after': 'Monday, 23-Nov-26 20:01:00 GMT' }, undefined, 60_000],
    [{ 'retry-after': 'Mon Nov 23 20:01:00 2026' }, undefined, 60_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 19:59:00 GMT' }, undefined, 0],
    [{ 'retry-after': '65', 'x-ratelimit-reset-after': '64.57' }, { retry_after: 64.57 }, 64_570],
    [{ 'x-ratelimit-reset-after': '64.57' }, undefined, 64_570],
    [{ 'ratelimit-reset': '30' }, undefined, 30_000],
    [{ 'x-ratelimit-reset': String(startMs / 1000 + 12.5) }, undefined, 12_500],
    [{}, { retry_after: 'x' }, null],
    [{ 'retry-after': String(inAMinute / 1000) }, undefined, 60_000],
    [{ 'retry-after': String(inAMinute / 1000 + 0.5) }, undefined, 60_500],
    [{ 'retry-after': String(inAMinute) }, undefined, 60_000],
    [{ 'retry-after': String(inAMinute * 1000) }, undefined, 60_000],
    [{ 'retry-after': '1700000000' }, undefined, 0],
    [{ 'retry-after': '2026-11-23T20:01:00Z' }, undefined, 60_000],
    [{ 'retry-after': '2026-11-23T20:01:00' }, undefined, 60_000],
    [{ 'retry-after': '2026-11-23T21:01:00.000+01:00' }, undefined, 60_000],
    [{ 'retry-after': 'Mon, 23 Nov 2026 21:01:00 +0100' }, undefined, 60_000],
    [{ 'retry-after': '23 Nov 2026 20:01:00 GMT' }, undefined, 60_000],
    [{ 'retry-after': ' 60 ' }, undefined, 60_000],
    [{ 'retry-after': '"60"' }, undefined, 60_000],
    [{ 'retry-after': '60s' }, undefined, 60_000],
    [{ 'retry-after': '1m30s' }, undefined, 90_000],
    [{ 'retry-after': '7200' }, undefined, 7_200_000],
    [{ 'retry-after': '86399' }, undefined, dayMs - 1000],
    [{ 'retry-after': '86400' }, undefined, dayMs],
    [{ 'retry-after': '172800' }, undefined, dayMs],
    [{ 'retry-after': 'Fri, 31 Dec 9999 23:59:59 GMT' }, undefined, dayMs],
    [{ 'retry-after': '9'.repeat(30) }, undefined, dayMs],
    [{ 'retry-after': '1e3' }, undefined, null],
    [{ 'retry-after': '', 'x-ratelimit-reset': '30' }, undefined, 30_000],
    [{ 'retry-after': 'soon', 'x-ratelimit-reset-after': '5' }, undefined, 5000],
    [{ 'retry-after-ms': '1500', 'retry-after': '2' }, undefined, 1500],
    [{ 'x-ratelimit-reset': String(inAMinute) }, undefined, 60_000],
    [{ 'x-ratelimit-reset': '2026-11-23T20:01:00Z' }, undefined, 60_000],
    [{ 'x-ratelimit-reset-after': '-3' }, undefined, null],
    [{}, { retry_after: '2.5' }, 2500],
    [{}, { retry_after: inAMinute / 1000 }, 60_000],
    [{}, { retry_after: -1 }, null],
    [{}, { ok: false, parameters: { retry_after: 7 } }, 7000],
    [{}, { 'retry-after': 3 }, 3000],
    [{}, { retry_after_ms: 250 }, 250],
    [{}, undefined, null],
  ])('%j %j is %s', (headers, json, expected) => {
    expect(hint(headers, json)).toBe(expected);
  });

  it('is nothing, or from 0 to 24 h, whatever a server says', () => {
    const value = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.bigInt().map(String),
      fc.date().map(String),
    );
    fc.assert(
      fc.property(fc.constantFrom('retry-after', 'x-ratelimit-reset'), value, (name, said) => {
        const given = hint({ [name]: said });
        if (given === null) return;
        expect(given).toBeGreaterThanOrEqual(0);
        expect(given).toBeLessThanOrEqual(dayMs);
      }),
    );
  });
});
