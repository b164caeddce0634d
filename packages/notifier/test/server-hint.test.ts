import { describe, expect, it } from 'vitest';
import { serverHintMs } from '../src/index.ts';
import { startMs } from './notifier-kit.ts';

const hint = (headers: Record<string, string>, json?: unknown): number | null =>
  serverHintMs({ header: (name) => headers[name] ?? null, json }, startMs);

describe('serverHintMs', () => {
  it.each<[Record<string, string>, unknown, number | null]>([
    [{ 'retry-after': '1' }, undefined, 1000],
    [{ 'retry-after': '0.7' }, undefined, 700],
    [{ 'retry-after': '0' }, undefined, 0],
    [{ 'retry-after': '99999999999' }, undefined, 99_999_999_999_000],
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
    [{}, undefined, null],
  ])('%j %j is %s', (headers, json, expected) => {
    expect(hint(headers, json)).toBe(expected);
  });
});
