import type { MeasureContext } from '../measures/measure.ts';
import type { PolledSample } from '../sample.ts';
import { parseSelector } from '../series/selector.ts';
import { MOST_SERIES } from '../series/selectors-of.ts';
import type { Page, Shape } from '../series/shapes.ts';
import { type CounterWindow, createCounterWindow } from '../windows/counter-window.ts';
import { baselinePace } from './baseline-pace.ts';
import type { TargetCourse } from './course-types.ts';
import type { CountsReader } from './read-counts.ts';
import type { SeriesCounts } from './series-counts.ts';
import { createTargetCourse } from './target-course.ts';
import type { View } from './view.ts';

/** A selector whose series a gate counts. */
export type Counted = {
  readonly selector: string;
  /** A reader for each of its series. */
  readonly reader: () => CountsReader;
  /** Of a gate without it there is no reading; the others are 0 where the page knows them. */
  readonly isNeeded: boolean;
  /** It is 0 where nobody knows it. */
  readonly isZeroWhereAbsent: boolean;
};

/** What a poll brought. */
export type Taken =
  /** A reading. */
  | 'usable'
  /** One that the next reading of that target has to confirm. */
  | 'held'
  /** None. */
  | 'none';

/** Increases of a gate's counters: per series, then summed; no matter whose process they are. */
export type CounterTrack = {
  take(at: number, sample: PolledSample, how: 'reading' | 'start'): Taken;
  /** What may prove a break, over the window. */
  readonly window: CounterWindow;
  /** All that was counted since the start, column by column. */
  readonly all: readonly number[];
  /** The target at which several processes answer; `null`: none. */
  readonly several: string | null;
  /** All counters of a target fell at its newest reading: a restart, or another process. */
  hasFallen(): boolean;
  /** Why the newest poll brought no reading; `null` where that is plain. */
  readonly why: string | null;
};

type Member = {
  readonly series: SeriesCounts;
  readonly read: CountsReader;
  readonly course: TargetCourse;
};
/** What is read of samples of one shape: the same at each poll, so it is worked out once. */
type Plan = {
  readonly shape: Shape;
  readonly isSingle: boolean;
  /** In the order of the selectors. */
  readonly members: readonly (readonly Member[])[];
};

/** `zero`: the page knows it; `kept`: it was there before. */
type Presence = 'there' | 'zero' | 'kept' | 'unread' | 'absent';

/** Over a whole watch. Each keeps its last value to its end, so labels that never come again would fill the memory. */
const mostSeriesEver = 10 * MOST_SERIES;

const isAny = (series: readonly SeriesCounts[]): boolean => {
  for (let index = 0; index < series.length; index++) if (series[index]?.now) return true;
  return false;
};

export const createCounterTrack = (
  counted: readonly Counted[],
  view: View,
  context: MeasureContext,
): CounterTrack => {
  const { processes, read } = context;
  const window = createCounterWindow(context.windowMs);
  const sums = { proof: [] as number[], all: [] as number[] };
  const names = counted.map(({ selector }) => parseSelector(selector).name);
  const members = new Map<string, Member>();
  const all: SeriesCounts[] = [];
  const courses = new Map<string, TargetCourse>();
  const pace = baselinePace(counted, view, context);
  let plan: Plan | null = null;
  let several: string | null = null;
  let why: string | null = null;
  /** When a page was read last; epoch ms. */
  let pageAt: number | null = null;
  const isSeen = counted.map(() => false);

  const push = (at: number, isCounted: boolean) => window.push(at, sums.proof, isCounted);
  const courseOf = (target: string): TargetCourse => {
    const known = courses.get(target);
    if (known !== undefined) return known;
    const made = createTargetCourse(view, sums, pace, {
      onCounted: (at) => {
        if (window.newestAt < at) push(at, true);
      },
      onTakenBack: () => window.level(sums.proof),
    });
    courses.set(target, made);
    return made;
  };
  const memberOf = (key: string, which: number, target: string): Member => {
    const id = `${which}\n${key}`;
    const known = members.get(id);
    if (known !== undefined) return known;
    const series: SeriesCounts = {
      key,
      columns: [],
      last: null,
      fallenFrom: null,
      isUnread: false,
      now: null,
    };
    const course = courseOf(target);
    course.series.push(series);
    all.push(series);
    const made = { series, course, read: counted[which]?.reader() ?? (() => null) };
    members.set(id, made);
    return made;
  };
  const planFor = ({ shape }: Page): Plan => {
    const isSingle = processes.isSingle;
    if (plan?.shape === shape && plan.isSingle === isSingle) return plan;
    const planned = counted.map(({ selector }, which) => {
      const { keys, instances } = shape.pick(selector);
      if (keys.length > MOST_SERIES) return [];
      return keys.map((key, index) =>
        memberOf(key, which, processes.targetOf(instances[index] ?? '')),
      );
    });
    plan = { shape, isSingle, members: planned };
    return plan;
  };

  /** Reads the series of one selector; says what there was of it. */
  const readOne = (
    { metrics, shape }: Page,
    sample: PolledSample,
    which: number,
    of: readonly Member[],
  ): Presence => {
    let there = 0;
    for (const { series, read: readCounts } of of) {
      const reading = readCounts(metrics[series.key]);
      if (reading === null) {
        if (series.last === null) series.isUnread = true;
        continue;
      }
      there += 1;
      if (series.columns !== reading.columns) {
        // Other buckets can't be compared with the ones before.
        if (series.last !== null) Object.assign(series, { last: null, isUnread: true });
        series.columns = reading.columns;
      }
      series.now = reading.counts;
    }
    if (there > 0) {
      isSeen[which] = true;
      return 'there';
    }
    const { selector, isZeroWhereAbsent } = counted[which] as Counted; // of the same list
    const picked = shape.pick(selector);
    if (picked.keys.length > MOST_SERIES) {
      why = `${selector} selects ${picked.keys.length} series, more than ${MOST_SERIES}: name labels`;
      return 'unread';
    }
    if (picked.keys.length > 0) return 'unread';
    const isKnown = picked.isNamed || sample.known?.includes(names[which] ?? '') === true;
    // What was there and is gone keeps its last value; the total alone is no reading then.
    if (isSeen[which]) return 'kept';
    return isKnown || isZeroWhereAbsent ? 'zero' : 'absent';
  };

  const take = (at: number, sample: PolledSample, how: 'reading' | 'start'): Taken => {
    why = null;
    if (several !== null) return 'none';
    const page = read(sample);
    if (page === null) return 'none';
    if (members.size > mostSeriesEver) {
      why = `${names.join(' and ')}: over ${mostSeriesEver} series came in this watch: name labels that stay`;
      return 'none';
    }
    const { members: planned } = planFor(page);
    for (const series of all) series.now = null;
    let isUsable = true;
    let isRead = false;
    for (let which = 0; which < counted.length; which++) {
      const { isNeeded, selector } = counted[which] as Counted; // which < length
      const presence = readOne(page, sample, which, planned[which] ?? []);
      if (presence === 'there') isRead = true;
      if (presence === 'there' || presence === 'zero' || (presence === 'kept' && !isNeeded))
        continue;
      isUsable = false;
      why ??= presence === 'unread' ? `${selector} has no number` : `${selector} is not there`;
    }
    if (!isRead) {
      pageAt = at;
      if (!isUsable) return 'none';
      // Nothing is counted yet: what appears from here on rose from 0.
      courseOf('').begin(at);
      push(at, how === 'reading');
      return 'usable';
    }
    let isCounted = false;
    let isHeld = false;
    for (const [target, course] of courses) {
      if (!isAny(course.series)) continue;
      const answerer = processes.of(target);
      if (pageAt !== null && answerer === 'same') course.begin(pageAt);
      const taken = course.take(at, {
        answerer,
        isUnmistakable: processes.isUnmistakable(target),
        restarts: processes.restartsOf(target),
      });
      if (taken === 'several') {
        several = target;
        processes.convict(target);
        return 'none';
      }
      if (taken === 'held') isHeld = true;
      else isCounted = true;
    }
    pageAt = at;
    if (isHeld && !isCounted) return 'held';
    push(at, isUsable && how === 'reading');
    return isUsable ? 'usable' : 'none';
  };
  return {
    take,
    window,
    all: sums.all,
    get several() {
      if (several !== null) return several;
      for (const target of courses.keys()) if (processes.of(target) === 'several') return target;
      return null;
    },
    hasFallen: () => [...courses.values()].some((course) => course.hasFallen()),
    get why() {
      return why;
    },
  };
};
