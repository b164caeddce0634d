import { describe, expect, it } from 'vitest';
import { runWithin } from '../src/run-within.ts';

describe('runWithin', () => {
  it('gives what the work gave', () => {
    expect(runWithin(60_000, () => 7)).toEqual({ result: 7 });
    expect(runWithin(60_000, () => undefined)).toEqual({ result: undefined });
  });

  it('throws on what the work threw, itself', () => {
    const error = new Error('own');
    expect(() =>
      runWithin(60_000, () => {
        throw error;
      }),
    ).toThrow(error);
  });

  it.each([
    [
      'a loop',
      () => {
        for (;;);
      },
    ],
    ['a pattern', () => /^(a+)+$/.test(`${'a'.repeat(60)}!`)],
  ])('ends %s that does not end, and can be used again', (_, work) => {
    expect(runWithin(20, work as () => unknown)).toBeNull();
    expect(runWithin(60_000, () => 'on')).toEqual({ result: 'on' });
  });
});
