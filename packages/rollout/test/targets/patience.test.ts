import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { patience } from '../../src/targets/patience.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const setUp = (name: string, signal?: AbortSignal, leave = new AbortController().signal) => {
  const told: string[] = [];
  const onNotice = (text: string) => told.push(text);
  const waiting = patience(name, 600_000, {
    ...(signal === undefined ? {} : { signal }),
    leave,
    onNotice,
  });
  return { told, waiting };
};

test('a start that does not come back is told of once, with its limit and the key for it', () => {
  const { told } = setUp('start');
  vi.advanceTimersByTime(9_999);
  expect(told).toEqual([]);
  vi.advanceTimersByTime(600_000);
  expect(told).toEqual([
    'start has not come back after 10 s: a start command should put the service in the background and return (limit 10m: target.startTimeout); Ctrl-C ends it',
  ]);
});

test('what comes back in time says nothing', () => {
  const { told, waiting } = setUp('stop');
  waiting.end();
  vi.advanceTimersByTime(600_000);
  expect(told).toEqual([]);
});

test.each(['start', 'stop', 'init'])(
  'an interruption ends %s at once where it was told of',
  (name) => {
    const person = new AbortController();
    const { waiting } = setUp(name, person.signal);
    vi.advanceTimersByTime(10_000);
    expect(waiting.signal.aborted).toBe(false);
    person.abort(new Error('Ctrl-C'));
    expect(waiting.signal.reason).toEqual(new Error('Ctrl-C'));
  },
);

test.each(['start', 'stop', 'init'])('before that, %s is given its ten seconds', (name) => {
  const person = new AbortController();
  const { told, waiting } = setUp(name, person.signal);
  vi.advanceTimersByTime(3_000);
  person.abort(new Error('Ctrl-C'));
  expect(waiting.signal.aborted).toBe(false);
  expect(told.join()).toContain('10 s in all to come back');
  vi.advanceTimersByTime(7_000);
  expect(waiting.signal.aborted).toBe(true);
});

test('what runs after an interruption is not ended by it', () => {
  const { waiting } = setUp('start', AbortSignal.abort());
  vi.advanceTimersByTime(60_000);
  expect(waiting.signal.aborted).toBe(false);
});

test('a second interruption ends whatever runs, at once', () => {
  const leave = new AbortController();
  const { waiting } = setUp('start', AbortSignal.abort(), leave.signal);
  vi.advanceTimersByTime(1_000);
  leave.abort(new Error('again'));
  expect(waiting.signal.reason).toEqual(new Error('again'));
});
