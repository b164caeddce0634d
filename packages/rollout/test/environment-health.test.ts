import { fakeClock } from '@dhash/testkit';
import { expect, it } from 'vitest';
import { waitUntilHealthy } from '../src/environment/service-checks.ts';

it.each([
  ['forward', 3_600_000],
  ['back', -3_600_000],
])('waits for a service as long as ever where the clock is set %s', async (_, byMs) => {
  const clock = fakeClock(1_000_000);
  let checks = 0;
  const check = async () => {
    checks += 1;
    if (checks === 3) clock.step(byMs);
    return { ok: false, reason: 'HTTP 503' };
  };
  const outcome = await waitUntilHealthy({ check }, clock, new AbortController().signal);
  expect(outcome).toMatchObject({ ok: false, ms: 60_000, checks: 86 });
});
