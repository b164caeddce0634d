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
      // At 0, 1, 2, 3, 4 and 5 s.
      data: { checks: 6 },
    });
  });

  it('does not ask for more than three in a row', async () => {
    let asked = 0;
    const health = async () => ({ ok: ++asked > 0 });
    await waitUntilHealthy({ health }, countingClock(0), signal, 2000);
    expect(asked).toBe(3);
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
