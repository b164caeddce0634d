/** What a gate counts, in one pair: all events, and those that are bad or over its limit. */
export type Traffic = { readonly bad: number; readonly total: number };

/** Fastest rises until now, events a ms; and how many rises there were. */
export type Pace = {
  /** All, also those that no gate counts. */
  readonly total: number;
  readonly bad: number;
  /** Of rises that are beyond doubt. */
  readonly usual: number;
  readonly rises: number;
};

export const noPace: Pace = { total: 0, bad: 0, usual: 0, rises: 0 };

/** The pace after one more rise within `ms`. */
export const faster = (pace: Pace, rise: Traffic, ms: number, isUsual: boolean): Pace => {
  if (ms <= 0) return pace;
  const rate = rise.total / ms;
  // The same object where nothing is new: this is done at each poll.
  if (pace.rises > 1 && rate <= pace.total && rise.bad / ms <= pace.bad && rate <= pace.usual)
    return pace;
  return {
    total: Math.max(pace.total, rate),
    bad: Math.max(pace.bad, rise.bad / ms),
    usual: isUsual ? Math.max(pace.usual, rate) : pace.usual,
    rises: pace.rises + 1,
  };
};

/** A rise this many times as fast as ever before may be another process. */
const jump = 10;
/** Fewer events than that decide nothing. */
const fewEvents = 20;
/** Fewer bad ones break nothing by themselves. */
const fewBad = 2;
/** So much may be counted between two polls at any pace. */
const slackEvents = 100;

/** The total rose over ten times as fast as ever before. */
export const isBurst = (rise: Traffic, pace: Pace, ms: number): boolean =>
  pace.rises > 0 && rise.total > fewEvents && rise.total > jump * pace.total * ms;

/** The bad events alone did; the first ones have nothing to be measured by. */
export const isBadBurst = (rise: Traffic, pace: Pace, ms: number): boolean =>
  rise.bad > fewBad && rise.bad > jump * pace.bad * ms;

/** A process that was started since the poll before may have counted so much by now. */
export const isCountableSince = (total: number, usual: number, ms: number): boolean =>
  total <= Math.max(jump * usual * ms, slackEvents);

/** The first rise was a jump, as the second one shows. */
export const wasBurst = (
  first: Traffic & { readonly ms: number },
  second: Traffic & { readonly ms: number },
): boolean => first.total > fewEvents && first.total * second.ms > jump * second.total * first.ms;

/** Where the counters of a process stood when they were last seen, and which of them tell it from others. */
export type Course = Traffic & {
  readonly at: number;
  readonly by: 'both' | 'bad' | 'total';
  /** How fast it went. */
  readonly pace: Pace;
  /** All that fell as it was left are back. */
  readonly isBack: () => boolean;
};

/** Faster than that may be a step from one course to another. */
const step = 1.5;

/** Counters now may be those of that course, gone on at its usual pace. */
export const goesOn = (course: Course, now: Traffic, at: number): boolean => {
  const { pace } = course;
  const ms = at - course.at;
  const total = now.total - course.total;
  const bad = now.bad - course.bad;
  const isTotal = total >= 0 && total <= 2 * pace.usual * ms + fewEvents;
  const isBad = bad >= 0 && bad <= 2 * pace.bad * ms + fewBad;
  if (course.by !== 'both') return course.by === 'bad' ? isBad : isTotal;
  return isTotal && bad >= 0 && bad <= total;
};

/** The counters rose by a step onto a course that was left before. */
export const stepsOnto = (
  course: Course,
  now: Traffic,
  rise: Traffic,
  at: { readonly at: number; readonly ms: number },
): boolean => {
  const { pace } = course;
  const isStep =
    course.by === 'bad'
      ? rise.bad > fewBad && rise.bad > step * pace.bad * at.ms
      : pace.usual > 0 && rise.total > step * pace.usual * at.ms;
  return isStep && goesOn(course, now, at.at) && course.isBack();
};

/** A fall that shards read at slightly different moments explain. */
export const isDip = (before: number, now: number): boolean =>
  before - now <= Math.max(1, before / 100);
