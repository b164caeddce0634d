import { describe, expect, it } from 'vitest';
import { waitUntilHealthy } from '../src/health.ts';
import { countingClock } from './support/world.ts';

const signal = new AbortController().signal;

describe('waitUntilHealthy', () => {
  it('gives up once its budget is spent, and says the last reason', async () => {
    const health = async () => ({ ok: false, reason: 'status 503' });
    await expect(
      waitUntilHealthy({ health }, countingClock(0), signal, 5000),
    ).rejects.toMatchObject({
      code: 'not-healthy',
      message: expect.stringContaining('status 503'),
      data: { checks: expect.any(Number) },
    });
  });

  it('does not ask for more than three in a row', async () => {
    let asked = 0;
    const health = async () => ({ ok: ++asked > 0 });
    await waitUntilHealthy({ health }, countingClock(0), signal, 2000);
    expect(asked).toBe(3);
  });

  it('asks every 100 ms at first, then less often, and says when the first OK came', async () => {
    const clock = countingClock(0);
    const askedAtMs: number[] = [];
    const health = async () => {
      askedAtMs.push(clock.now());
      return { ok: clock.now() >= 2500 };
    };
    const { firstOkMs } = await waitUntilHealthy({ health }, clock, signal, 60_000);
    expect(askedAtMs.slice(0, 4)).toEqual([0, 100, 200, 300]);
    expect(firstOkMs).toBeGreaterThanOrEqual(2500);
    expect(firstOkMs).toBeLessThanOrEqual(2750);
    const [first = 0, second = 0, third = 0] = askedAtMs.slice(-3);
    expect([second - first, third - second]).toEqual([1000, 1000]);
  });

  it('ends with the signal', async () => {
    const abort = new AbortController();
    const health = async () => {
      abort.abort(new Error('SIGINT'));
      return { ok: true };
    };
    await expect(
      waitUntilHealthy({ health }, countingClock(0), abort.signal, 2000),
    ).rejects.toThrow('SIGINT');
  });
});
