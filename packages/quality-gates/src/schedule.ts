import { GatesError } from './errors.ts';
import type { WatchPolicy } from './policy.ts';

/**
 * Due times in ms from the start: every `initial` up to `initialPeriod`, then every `normal`, and
 * always at the very end. Suspect polls are not among them.
 * @throws GatesError `bad-policy` for a hand-made policy whose schedule would never end.
 */
export const pollTimes = (policy: WatchPolicy): number[] => {
  const { durationMs, cadence } = policy;
  if (!(cadence.initialMs >= 1 && cadence.normalMs >= 1 && durationMs >= 1))
    throw new GatesError('bad-policy', 'duration and cadences must be at least 1 ms');
  const times: number[] = [];
  let at = 0;
  for (; at <= Math.min(cadence.initialPeriodMs, durationMs); at += cadence.initialMs)
    times.push(at);
  for (at = (times.at(-1) ?? 0) + cadence.normalMs; at < durationMs; at += cadence.normalMs)
    times.push(at);
  if (times.at(-1) !== durationMs) times.push(durationMs);
  return times;
};

/** Where a watch stands: when it began, when its last poll was due, and whether that was suspicious. */
export type Standing = {
  /** Epoch ms. */
  readonly startedAt: number;
  /** Epoch ms, as due. */
  readonly lastAt: number;
  /** Any verdict of the last assessment was. */
  readonly suspicious: boolean;
};

const firstAfter = (times: readonly number[], ms: number): number | null => {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] ?? 0) > ms) high = middle;
    else low = middle + 1;
  }
  return times[low] ?? null;
};

/**
 * When the next poll is due, epoch ms, suspect polls among them; `null` after the end. Polls that
 * settle a failing last check are every {@link SETTLING_CADENCE_MS} after that, and not told here.
 */
export const nextPollAt = (
  policy: WatchPolicy,
  { startedAt, lastAt, suspicious }: Standing,
): number | null => {
  const scheduled = firstAfter(pollTimes(policy), lastAt - startedAt);
  if (scheduled === null) return null;
  const { suspectMs } = policy.cadence;
  return suspicious && suspectMs !== null
    ? Math.min(startedAt + scheduled, lastAt + suspectMs)
    : startedAt + scheduled;
};

/** What a sample's time means on the schedule. */
export type Arrival = {
  /** Scheduled polls passed over since the last sample: they count as missed. */
  readonly passed: readonly number[];
  /** It is a scheduled poll, not a suspect one. */
  readonly scheduled: boolean;
};

/** Walks a schedule alongside the samples. */
export type Cursor = {
  readonly total: number;
  readonly endAt: number;
  /** Takes the poll at `at`; a poll up to a tenth of the way to the next due time is still the scheduled one. */
  arrive(at: number): Arrival;
  /** The scheduled polls up to and including `at` that no sample came for. */
  pass(at: number): readonly number[];
};

const none: readonly number[] = [];

export const startCursor = (policy: WatchPolicy, startedAt: number): Cursor => {
  const times = pollTimes(policy).map((ms) => startedAt + ms);
  const endAt = startedAt + policy.durationMs;
  let next = 0;
  const lateMs = (index: number) => {
    const due = times[index] ?? endAt;
    return Math.floor(((times[index + 1] ?? due + policy.cadence.normalMs) - due) / 10);
  };
  const passUntil = (isPassed: (due: number, index: number) => boolean): readonly number[] => {
    if (!isPassed(times[next] ?? Infinity, next)) return none;
    const passed: number[] = [];
    for (let due = times[next]; due !== undefined && isPassed(due, next); due = times[next]) {
      passed.push(due);
      next += 1;
    }
    return passed;
  };
  return {
    total: times.length,
    endAt,
    arrive: (at) => {
      const passed = passUntil((due, index) => due + lateMs(index) < at);
      const scheduled = (times[next] ?? Infinity) <= at;
      if (scheduled) next += 1;
      return { passed, scheduled };
    },
    pass: (at) => passUntil((due) => due <= at),
  };
};
