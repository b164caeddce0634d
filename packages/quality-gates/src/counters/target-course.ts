import type { CourseEvents, Sums, TakenCourse, TargetCourse } from './course-types.ts';
import { type FirstRise, judgeFirstRise } from './first-rise.ts';
import { addRise, type Counts, compareCounts, type SeriesCounts, settle } from './series-counts.ts';
import {
  type Course,
  faster,
  goesOn,
  isBadBurst,
  isBurst,
  isCountableSince,
  isDip,
  type Pace,
  stepsOnto,
  type Traffic,
} from './traffic.ts';
import type { View } from './view.ts';

type Held = {
  readonly at: number;
  /** A later start time; all counters fell; they rose much faster than ever. */
  readonly kind: 'start' | 'fall' | 'jump';
  readonly counts: ReadonlyMap<SeriesCounts, readonly number[]>;
  readonly sum: Traffic;
};

/** Courses that were left longer ago are not known again. */
const mostCourses = 20;
/** Falls and returns of all counters under one start time: once is a misreading. */
const mostReturns = 1;

const here: Counts = (of) => of.now;
const before: Counts = (of) => of.last;
/** A series that is away counts as it was last seen. */
const hereOrBefore: Counts = (of) => of.now ?? of.last;

export const createTargetCourse = (
  view: View,
  sums: Sums,
  baselinePace: Pace,
  { onCounted, onTakenBack }: CourseEvents,
): TargetCourse => {
  const series: SeriesCounts[] = [];
  const courses: Course[] = [];
  let pace = baselinePace;
  let lastAt: number | null = null;
  let held: Held | null = null;
  let returns = 0;
  /** Restarts that the sums know of. */
  let known = 0;
  /** The first rise, where nothing before says how fast is usual: the second one does. */
  let first: FirstRise | null = null;
  const scratch: number[] = [];

  const trafficOf = (add: (into: number[]) => void): Traffic => {
    scratch.fill(0);
    add(scratch);
    return view.traffic(scratch);
  };
  /** All that a process has counted since it began. */
  const lifetime = (counts: Counts): Traffic =>
    trafficOf((into) => {
      for (const of of series) {
        const known = counts(of);
        if (known !== null) addRise(of, known, 'zero', into);
      }
    });

  /** Puts counts into the sums and makes them the newest. */
  const count = (
    counts: Counts,
    at: number,
    how: { readonly from: 'last' | 'zero'; readonly isProof: boolean; readonly isUsual: boolean },
  ): void => {
    const rise = trafficOf((into) => {
      for (const of of series) {
        const known = counts(of);
        if (known !== null) addRise(of, known, how.from, into);
        // What the process that is gone had counted, the new one has not.
        else if (how.from === 'zero') of.last = null;
      }
    });
    for (let column = 0; column < scratch.length; column++) {
      const by = scratch[column] ?? 0;
      sums.all[column] = (sums.all[column] ?? 0) + by;
      if (how.isProof) sums.proof[column] = (sums.proof[column] ?? 0) + by;
    }
    if (lastAt !== null) pace = faster(pace, rise, at - lastAt, how.isUsual);
    lastAt = at;
    for (const of of series) {
      const known = counts(of);
      if (known === null) continue;
      if (how.from === 'zero') of.last = null;
      settle(of, known);
    }
  };
  /**
   * The usual poll, in one pass: every series is there as before and fell in nothing. `false`: it is not that
   * plain, and nothing was taken.
   */
  const countSteady = (at: number, isWatched: boolean): boolean => {
    if (held !== null || first !== null || courses.length > 0 || pace.rises === 0) return false;
    scratch.fill(0);
    for (let index = 0; index < series.length; index++) {
      const { now, last, fallenFrom, columns } = series[index] as SeriesCounts; // index < length
      if (now === null) continue;
      if (last === null || fallenFrom !== null || last.length !== now.length) return false;
      for (let place = 0; place < now.length; place++) {
        const by = (now[place] ?? 0) - (last[place] ?? 0);
        if (!(by >= 0)) return false;
        const column = columns[place] ?? 0;
        scratch[column] = (scratch[column] ?? 0) + by;
      }
    }
    const rise = view.traffic(scratch);
    const ms = at - (lastAt ?? at);
    if (isWatched && (isBurst(rise, pace, ms) || view.isBeyond(rise))) return false;
    for (let column = 0; column < scratch.length; column++) {
      const by = scratch[column] ?? 0;
      sums.all[column] = (sums.all[column] ?? 0) + by;
      sums.proof[column] = (sums.proof[column] ?? 0) + by;
    }
    for (const { now, last } of series)
      if (now !== null && last !== null)
        for (let place = 0; place < now.length; place++) last[place] = now[place] ?? 0;
    pace = faster(pace, rise, ms, true);
    lastAt = at;
    return true;
  };
  const hold = (at: number, kind: Held['kind']): TakenCourse => {
    const counts = new Map<SeriesCounts, readonly number[]>();
    for (const of of series) if (of.now !== null) counts.set(of, [...of.now]);
    held = { at, kind, counts, sum: lifetime(kind === 'jump' ? hereOrBefore : here) };
    return 'held';
  };

  const leaveCourse = (course: Course): void => {
    courses.push(course);
    if (courses.length > mostCourses) courses.shift();
  };
  const courseOf = (sum: Traffic, at: number, by: Course['by']): Course => {
    const fallen = series.flatMap((of) => {
      const [from, to] = [of.last?.at(-1) ?? 0, of.now?.at(-1)];
      return to !== undefined && to < from ? [{ of, from }] : [];
    });
    const isBack = () => fallen.every(({ of, from }) => (of.now?.at(-1) ?? -1) >= from);
    return { ...sum, at, by, pace, isBack };
  };
  /** Counts what was held, or says that it was another process's. */
  const resolve = (
    at: number,
    { kind, at: heldAt, counts, sum }: Held,
    isTold: boolean,
  ): TakenCourse => {
    held = null;
    const ofHeld: Counts = (of) => counts.get(of) ?? null;
    const now = lifetime(here);
    const old = lifetime(before);
    const course = courseOf(old, lastAt ?? heldAt, 'both');
    // Where the held counts may be the old course gone on, it was not left.
    const leave = () => {
      if (!goesOn(course, sum, heldAt)) leaveCourse(course);
    };
    if (kind === 'jump') {
      // Back from the jump: the held reading was not of this process.
      if (compareCounts(series, ofHeld).hasFallen)
        return isProvenBy(isTold) ? 'several' : 'counted';
      leave();
      // Beyond the limit by itself, of what is a good process as a whole: it may be another one's past.
      const rise = trafficOf((into) => {
        for (const [of, known] of counts) addRise(of, known, 'last', into);
      });
      const isProof = !view.isBeyond(rise) || view.isBeyond(sum);
      count(ofHeld, heldAt, { from: 'last', isProof, isUsual: false });
    } else {
      if (kind === 'fall') {
        const rise = { total: now.total - sum.total, bad: now.bad - sum.bad };
        const rate = rise.total / (at - heldAt);
        // What it counts now says how much it can have counted since it began.
        const usual = first === null ? pace.usual : 0;
        if (!isCountableSince(sum.total, Math.max(rate, usual), heldAt - course.at))
          return 'several';
        const isFast = pace.rises === 0 || rate > usual;
        const isBack = now.total >= old.total && isFast;
        const isBadBack = old.bad > 0 && now.bad >= old.bad && rise.bad > rise.total;
        if (isBack || isBadBack) return 'several';
        leave();
      }
      count(ofHeld, heldAt, { from: 'zero', isProof: true, isUsual: false });
    }
    onCounted(heldAt);
    return 'counted';
  };
  /** All counters fell, and no start time says why. */
  const fall = (at: number, ms: number): TakenCourse => {
    const now = lifetime(here);
    const { rises, usual } = pace;
    if (rises > 0 && first === null && !isCountableSince(now.total, usual, ms)) return 'several';
    // Counters near 0 are a new process's, whatever stood there before.
    const isOld = courses.some(
      (course) => !isCountableSince(course.total, usual, ms) && goesOn(course, now, at),
    );
    return isOld ? 'several' : hold(at, 'fall');
  };
  /** One counter fell while the others went on: no restart, but it may be a step to another course. */
  const leaveSome = (at: number): void => {
    const now = lifetime(hereOrBefore);
    const old = lifetime(before);
    for (const by of ['bad', 'total'] as const)
      if (!isDip(old[by], now[by])) leaveCourse(courseOf(old, lastAt ?? at, by));
  };
  const remember = (
    rise: Traffic,
    { at, ms }: { at: number; ms: number },
    rises: number[],
  ): void => {
    const old = courseOf(lifetime(before), at - ms, 'both');
    first = { ...rise, ms, sums: rises, before: old, lifetime: lifetime(hereOrBefore) };
  };
  /** Takes the first rise back where it was a jump that may be another process's past. */
  const reconsider = (rise: FirstRise, second: Traffic & { readonly ms: number }): void => {
    first = null;
    const kind = judgeFirstRise(rise, second, view);
    if (kind === 'usual') return;
    leaveCourse(rise.before);
    pace = baselinePace;
    if (kind === 'jump') return;
    rise.sums.forEach((by, column) => {
      sums.proof[column] = (sums.proof[column] ?? 0) - by;
    });
    onTakenBack();
  };
  /** Counters that come back prove a second process; under one start time only the second time: the first may be a misreading. */
  const isProvenBy = (isTold: boolean): boolean => {
    returns += 1;
    return !isTold || returns > mostReturns;
  };
  /** Many bad events at once: more than events, or of what is a good process as a whole. */
  const isDoubtful = (rise: Traffic, ms: number): boolean =>
    view.isBeyond(rise) &&
    isBadBurst(rise, pace, ms) &&
    ((rise.bad > rise.total && pace.rises > 0) || !view.isBeyond(lifetime(hereOrBefore)));
  /** Only where all that fell a reading ago are back it was a misreading. */
  const forgetFalls = (): void => {
    const isBack = series.every(
      ({ now, fallenFrom }) =>
        now === null || fallenFrom === null || (now.at(-1) ?? 0) >= (fallenFrom.at(-1) ?? 0),
    );
    if (!isBack) for (const of of series) of.fallenFrom = null;
  };
  const goOn = (at: number, isTold: boolean, isWatched: boolean): TakenCourse => {
    const ms = at - (lastAt ?? at);
    forgetFalls();
    const { allFell, hasFallen } = compareCounts(series, before);
    if (allFell && !isTold) return fall(at, ms);
    const rise = trafficOf((into) => {
      for (const of of series) if (of.now !== null) addRise(of, of.now, 'last', into);
    });
    const rises = [...scratch];
    if (first !== null && isWatched) reconsider(first, { ...rise, ms });
    if (pace.rises === 0 && isWatched) remember(rise, { at, ms }, rises);
    if (courses.length > 0 && isWatched) {
      const now = lifetime(hereOrBefore);
      const isBack = courses.some((course) => stepsOnto(course, now, rise, { at, ms }));
      if (isBack && isProvenBy(isTold)) return 'several';
    }
    if (hasFallen) leaveSome(at);
    if (isWatched && (isBurst(rise, pace, ms) || isDoubtful(rise, ms))) return hold(at, 'jump');
    count(here, at, { from: 'last', isProof: true, isUsual: true });
    return 'counted';
  };
  return {
    series,
    begin: (at) => {
      lastAt ??= at;
    },
    hasFallen: () => held?.kind === 'fall',
    take: (at, { answerer, isUnmistakable, restarts }) => {
      if (answerer === 'several') return 'several';
      if (lastAt === null) {
        // The first sight of a process is a starting point, no rise.
        for (const of of series) if (of.now !== null) settle(of, of.now);
        lastAt = at;
        known = restarts;
        return 'counted';
      }
      if (answerer === 'held') return hold(at, 'start');
      const isNew = restarts > known;
      const isWatched = view.isJudged && !isUnmistakable;
      if (!isNew && countSteady(at, isWatched)) return 'counted';
      known = restarts;
      if (held !== null) {
        const resolved = resolve(at, held, answerer !== 'unknown');
        if (resolved === 'several') return resolved;
      } else if (isNew) {
        count(here, at, { from: 'zero', isProof: true, isUsual: false });
        return 'counted';
      }
      return goOn(at, answerer !== 'unknown', isWatched);
    },
  };
};
