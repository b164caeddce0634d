import { nextPollAt, pollTimes, SETTLING_CADENCE_MS, type WatchPolicy } from '@dhash/quality-gates';

/** A poll to come. `lateMs`: how late it may be made and still count as this one. */
export type Due = {
  readonly at: number;
  /** `scheduled` counts for coverage and may be missed; the other two are extra. */
  readonly kind: 'scheduled' | 'suspect' | 'settling';
  readonly lateMs: number;
};

/**
 * Most polls after the window, while the last check is not OK (GATES.md, decision 2). A streak breaks its gate or ends long before; but with no enforcing health
 * gate, or a control check that keeps failing, it could go on for ever.
 */
const maxSettlingPolls = 60;
/**
 * A sample is judged as taken when it was due, so one made much later would be untrue; a few seconds
 * are what a busy machine takes. Never more than half the way to the next scheduled poll.
 */
const maxLateMs = 10_000;

/** Where a watch stands, as far as its next poll goes. */
export type Standing = {
  readonly startedAt: number;
  /** Due time of the last poll that was made, missed or passed over; `null` before the first. */
  readonly lastAt: number | null;
  /** A gate is suspicious: polls also fall every `policy.cadence.suspectMs`. */
  readonly suspicious: boolean;
  /** The window is over and its last known check is not OK. */
  readonly unsettled: boolean;
  /** Polls already made after the window. */
  readonly settlingPolls: number;
};

/** The schedule of one watch. Pure: `next` is a function of its argument. */
export const schedule = (
  policy: WatchPolicy,
  startedAt: number,
): { readonly endAt: number; next(standing: Omit<Standing, 'startedAt'>): Due | null } => {
  const times = pollTimes(policy).map((ms) => startedAt + ms);
  const indexOf = new Map(times.map((at, index) => [at, index]));
  const endAt = times.at(-1) ?? startedAt;

  const scheduledAt = (at: number, index: number): Due => {
    const gapMs = (times[index + 1] ?? at) - at || at - (times[index - 1] ?? at);
    return { at, kind: 'scheduled', lateMs: Math.min(maxLateMs, gapMs / 2) };
  };
  return {
    endAt,
    next: ({ lastAt, suspicious, unsettled, settlingPolls }) => {
      if (lastAt === null) return scheduledAt(startedAt, 0);
      if (lastAt >= endAt) {
        if (!unsettled || settlingPolls >= maxSettlingPolls) return null;
        return {
          at: lastAt + SETTLING_CADENCE_MS,
          kind: 'settling',
          lateMs: SETTLING_CADENCE_MS / 2,
        };
      }
      const at = nextPollAt(policy, { startedAt, lastAt, suspicious });
      if (at === null) return null;
      const index = indexOf.get(at);
      if (index !== undefined) return scheduledAt(at, index);
      return { at, kind: 'suspect', lateMs: Math.min(maxLateMs, (at - lastAt) / 2) };
    },
  };
};
