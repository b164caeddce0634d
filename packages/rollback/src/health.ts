import { messageOf } from '@dhash/basics/message-of';
import { healthyInARow, waitUntilHealthy as wait } from '@dhash/basics/wait-until-healthy';
import { RollbackError } from './errors.ts';
import type { Clock, Validation } from './ports.ts';

/** Longest from the start of the service to the last OK answer unless told, ms. */
export const healthBudgetMs = 60_000;

/**
 * Asks until the service answered OK three times in a row. `firstOkMs`: from the beginning to the first of them.
 *
 * @throws RollbackError `not-healthy` once the budget is spent.
 */
export const waitUntilHealthy = async (
  validation: Pick<Validation, 'health'>,
  clock: Clock,
  signal: AbortSignal,
  budgetMs: number,
): Promise<{ checks: number; firstOkMs: number }> => {
  const outcome = await wait({
    check: async (stop) => {
      try {
        return await validation.health(stop);
      } catch (error) {
        return { ok: false, reason: messageOf(error) };
      }
    },
    clock,
    signal,
    budgetMs,
  });
  const { checks } = outcome;
  if (outcome.ok) return { checks, firstOkMs: outcome.firstOkMs };
  throw new RollbackError(
    'not-healthy',
    `the service was not OK ${healthyInARow} times in a row within ${budgetMs / 1000} s of its start (${checks} checks; the last: ${outcome.last})`,
    { checks },
  );
};
