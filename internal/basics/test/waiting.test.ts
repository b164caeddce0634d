import { describe, expect, it } from 'vitest';
import { openSystemClock } from '../src/clock.ts';
import { waitUntilHealthy } from '../src/wait-until-healthy.ts';

const never = new AbortController().signal;

/** A clock that stands still between sleeps. */
const steppingClock = () => {
  let nowMs = 0;
  return {
    now: () => nowMs,
    sleep: async (ms: number) => {
      nowMs += ms;
    },
  };
};

const answers = (...oks: (boolean | null)[]) => {
  let asked = 0;
  return async () => ({ ok: oks[asked++] ?? false, reason: `answer ${asked}` });
};

describe('waitUntilHealthy', () => {
  it.each([
    ['three at once', [true, true, true], { ok: true, checks: 3, ms: 2000, firstOkMs: 0 }],
    [
      'three in a row, not in all',
      [true, false, true, null, true, true, true],
      { ok: true, checks: 7, ms: 4310, firstOkMs: 2310 },
    ],
    ['none in time', [], { ok: false, checks: 36, ms: 10_000, last: 'answer 36' }],
  ])('%s', async (_name, oks, outcome) => {
    const wait = {
      check: answers(...oks),
      clock: steppingClock(),
      signal: never,
      budgetMs: 10_000,
    };
    expect(await waitUntilHealthy(wait)).toEqual(outcome);
  });

  it('asks every 100 ms at first, then less often, and says when the first OK came', async () => {
    const clock = steppingClock();
    const askedAtMs: number[] = [];
    const check = async () => {
      askedAtMs.push(clock.now());
      return { ok: clock.now() >= 2500 };
    };
    const outcome = await waitUntilHealthy({ check, clock, signal: never, budgetMs: 60_000 });
    expect(askedAtMs.slice(0, 4)).toEqual([0, 100, 200, 300]);
    const firstOkMs = outcome.ok ? outcome.firstOkMs : Number.NaN;
    expect(firstOkMs).toBeLessThanOrEqual(2750);
    expect(askedAtMs.slice(-3)).toEqual([firstOkMs, firstOkMs + 1000, firstOkMs + 2000]);
  });
});

describe("the machine's clock", () => {
  it('ends a sleep with the reason of its signal, before and during it', async () => {
    const { sleep } = openSystemClock();
    const abort = new AbortController();
    const sleeping = sleep(2 ** 40, abort.signal);
    abort.abort(new Error('enough'));
    await expect(sleeping).rejects.toThrow('enough');
    await expect(sleep(1, abort.signal)).rejects.toThrow('enough');
  });

  it('goes on by itself', async () => {
    const { monotonicMs, sleep } = openSystemClock();
    const before = monotonicMs();
    await sleep(2);
    expect(monotonicMs()).toBeGreaterThan(before);
  });
});
