import { expect, it } from 'vitest';
import { fakeClock } from '../src/index.ts';

it('wakes sleepers in the order of their times and moves time to each', async () => {
  const clock = fakeClock(1000);
  const woken: [string, number][] = [];
  await Promise.all([
    clock.sleep(3_600_000).then(() => woken.push(['hour', clock.now()])),
    clock.sleep(10).then(() => woken.push(['ten', clock.now()])),
  ]);
  expect(woken).toEqual([
    ['ten', 1010],
    ['hour', 3_601_000],
  ]);
});

it('rejects an aborted sleep with the reason and forgets it', async () => {
  const clock = fakeClock();
  const abort = new AbortController();
  const slept = clock.sleep(50, abort.signal);
  abort.abort(new Error('stop'));
  await expect(slept).rejects.toThrow('stop');
  expect(clock.now()).toBe(0);
});
