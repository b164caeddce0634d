import { expect, it } from 'vitest';
import { systemPace } from '../src/source/system-pace.ts';

/** A pace whose clock only its slow calls move. */
const setUp = () => {
  let nowMs = 0;
  const pace = systemPace(() => nowMs);
  const takes = (ms: number) => () => {
    nowMs += ms;
    return 'answer';
  };
  /** Which of so many quick calls were made at once. */
  const madeAtOnce = (calls: number) =>
    Array.from({ length: calls }, () => pace.atOnce(takes(0.01)) !== null);
  return { pace, takes, madeAtOnce };
};

const times = (count: number, what: boolean) => Array<boolean>(count).fill(what);

it('leaves calls to the pool after one that had to wait, then tries again', () => {
  const { pace, takes, madeAtOnce } = setUp();
  expect(pace.atOnce(takes(0.2))).toBe('answer');
  expect(madeAtOnce(17)).toEqual([...times(16, false), true]);
});

it('does so after one that failed slowly, whose failure it tells', () => {
  const { pace, takes, madeAtOnce } = setUp();
  const fail = () => {
    takes(0.2)();
    throw new Error('no such file');
  };
  expect(() => pace.atOnce(fail)).toThrow('no such file');
  expect(madeAtOnce(17)).toEqual([...times(16, false), true]);
});

it('lets the event loop turn, however quick the answers are', () => {
  const { madeAtOnce } = setUp();
  const row = [...times(256, true), false];
  expect(madeAtOnce(514)).toEqual([...row, ...row]);
});
