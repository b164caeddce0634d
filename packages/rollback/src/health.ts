import { messageOf, RollbackError } from './errors.ts';
import type { Clock, Validation } from './ports.ts';

/** Consecutive OK answers that make a service healthy again. */
const healthyInARow = 3;
const pauseMs = 1000;
/** Longest from the start of the service to the last of them unless told, ms. */
export const healthBudgetMs = 60_000;

/**
 * Asks until the service answered OK three times in a row.
 * @throws RollbackError `not-healthy` once the budget is spent.
 */
export const waitUntilHealthy = async (
  validation: Pick<Validation, 'health'>,
  clock: Clock,
  signal: AbortSignal,
  budgetMs: number,
): Promise<{ checks: number }> => {
  const startedAtMs = clock.now();
  let inARow = 0;
  for (let checks = 1; ; checks++) {
    const reading = await check(validation, signal);
    signal.throwIfAborted();
    inARow = reading.ok ? inARow + 1 : 0;
    if (inARow === healthyInARow) return { checks };
    if (clock.now() - startedAtMs >= budgetMs)
      throw new RollbackError(
        'not-healthy',
        `the service was not OK ${healthyInARow} times in a row within ${budgetMs / 1000} s of its start (${checks} checks; the last: ${reading.ok ? 'OK' : (reading.reason ?? 'no reason given')})`,
        { checks },
      );
    await clock.sleep(pauseMs, signal);
  }
};

const check = async (
  validation: Pick<Validation, 'health'>,
  signal: AbortSignal,
): Promise<{ ok: boolean; reason?: string }> => {
  try {
    return await validation.health(signal);
  } catch (error) {
    return { ok: false, reason: messageOf(error) };
  }
};
