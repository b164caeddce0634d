const DAY_MS = 24 * 60 * 60 * 1000;

/** A service is left alone for longer than this too; then ageing waits until the next act, and no more. */
const leapMs = 30 * DAY_MS;

/**
 * The time that things age by. A clock that is far ahead of all that was done before has leapt, or nobody was here for
 * a month: which of them it was can't be told, so that nothing ages by the leap. Unix epoch, ms. Pure.
 *
 * @param witnesses times of what earlier acts left
 */
export const trustedNow = (now: number, witnesses: readonly number[]): number => {
  const before = witnesses.filter((at) => at <= now);
  if (before.length === 0) return now;
  const newest = before.reduce((a, b) => Math.max(a, b));
  return now - newest > leapMs ? newest : now;
};
