import { describe, expect, it } from 'vitest';
import { storedTime, timeToSet } from '../src/stored-time.ts';

const ns = (seconds: bigint, below = 0n): bigint => seconds * 1_000_000_000n + below;

describe('the time of a file', () => {
  it.each([
    [ns(0n), '1970-01-01T00:00:00.000000000Z'],
    [ns(-1n, 1n), '1969-12-31T23:59:59.000000001Z'],
    [ns(-446_751_900n), '1955-11-05T06:15:00.000000000Z'],
    [ns(253_402_300_799n, 999_999_999n), '9999-12-31T23:59:59.999999999Z'],
    [ns(-62_167_219_200n), '0000-01-01T00:00:00.000000000Z'],
  ])('%s is %s', (time, mtime) => {
    expect(storedTime(time)).toEqual({ mtime, note: null });
  });

  it.each([
    [ns(253_402_300_800n), '9999-12-31', '10000'],
    [ns(910_692_730_085n), '9999-12-31', '30828'],
    [ns(140_152_629_943_952n), '9999-12-31', '4443'],
    [ns(-62_167_219_201n), '0000-01-01', 'of about the year'],
    [ns(-9_223_372_036n * 1000n), '0000-01-01', '-290'],
  ])('%s, of no year that a text can say, becomes %s and is told', (time, day, said) => {
    const { mtime, note } = storedTime(time);
    expect(mtime.slice(0, 10)).toBe(day);
    expect(note).toContain(said);
  });

  it('is given to the system with what it has below a second, and before 1970 as a date', () => {
    expect(timeToSet('2026-01-31T12:00:00.123456789Z')).toBeCloseTo(1_769_860_800.123_456_7, 6);
    expect(timeToSet('1955-11-05T06:15:00.250000000Z')).toEqual(
      new Date('1955-11-05T06:15:00.250Z'),
    );
  });
});
