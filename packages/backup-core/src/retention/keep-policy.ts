import { BackupError } from '../errors.ts';
import { parseWithin, startOfWithin } from './keep-within.ts';

/**
 * How many backups stay, by rule; a backup that any rule keeps stays. Semantics are restic's `forget`: per period
 * the newest is kept, for as many periods as the number says; -1 is all. Times are UTC.
 */
export interface KeepPolicy {
  readonly last?: number | undefined;
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All that are less than this much older than the newest: `1y2m3d4h`. */
  readonly within?: string | undefined;
  /** The newest of each hour (day …), of those less than this much older than the newest. */
  readonly withinHourly?: string | undefined;
  readonly withinDaily?: string | undefined;
  readonly withinWeekly?: string | undefined;
  readonly withinMonthly?: string | undefined;
  readonly withinYearly?: string | undefined;
}

/** A backup as a rule sees it. */
export interface Dated {
  readonly name: string;
  /** Unix epoch, ms. */
  readonly at: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** ISO 8601 year and week of a time in UTC. */
export const isoWeek = (atMs: number): string => {
  const date = new Date(atMs);
  const weekday = (date.getUTCDay() + 6) % 7;
  // The week belongs to the year that its Thursday is in.
  const thursday = new Date(
    Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() - weekday + 3),
  );
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() - Date.UTC(year, 0, 1)) / (7 * DAY_MS));
  return `${year}-W${String(week).padStart(2, '0')}`;
};

type KeyOf = (atMs: number, i: number) => string;

const iso = (atMs: number): string => new Date(atMs).toISOString();
const always: KeyOf = (_, i) => String(i);
const hour: KeyOf = (at) => iso(at).slice(0, 13);
const day: KeyOf = (at) => iso(at).slice(0, 10);
const month: KeyOf = (at) => iso(at).slice(0, 7);
const year: KeyOf = (at) => iso(at).slice(0, 4);

const counts = [
  { rule: 'last', keyOf: always },
  { rule: 'hourly', keyOf: hour },
  { rule: 'daily', keyOf: day },
  { rule: 'weekly', keyOf: isoWeek },
  { rule: 'monthly', keyOf: month },
  { rule: 'yearly', keyOf: year },
] as const;

const spans = [
  { rule: 'within', keyOf: always },
  { rule: 'withinHourly', keyOf: hour },
  { rule: 'withinDaily', keyOf: day },
  { rule: 'withinWeekly', keyOf: isoWeek },
  { rule: 'withinMonthly', keyOf: month },
  { rule: 'withinYearly', keyOf: year },
] as const;

/** The rules that keep each backup of one environment. Newest first; a policy is checked before. */
export const keptByRule = (list: readonly Dated[], keep: KeepPolicy): Map<string, string[]> => {
  const reasons = new Map<string, string[]>(list.map(({ name }) => [name, []]));
  /** Keeps the first of each bucket among the first `end`, and the oldest of all where there is count left. */
  const fill = (rule: string, keyOf: KeyOf, end: number, count: number) => {
    let left = count;
    let lastKey: string | undefined;
    for (const [i, { at, name }] of list.slice(0, end).entries()) {
      if (left === 0) return;
      const key = keyOf(at, i);
      if (key !== lastKey) reasons.get(name)?.push(rule);
      else if (i === list.length - 1) reasons.get(name)?.push(`oldest ${rule}`);
      else continue;
      lastKey = key;
      if (left > 0) left -= 1;
    }
  };
  for (const { rule, keyOf } of counts) fill(rule, keyOf, list.length, keep[rule] ?? 0);
  for (const { rule, keyOf } of spans) {
    const span = keep[rule];
    const newest = list[0];
    if (span === undefined || newest === undefined) continue;
    const from = startOfWithin(newest.at, parseWithin(rule, span));
    const end = list.findIndex(({ at }) => at <= from);
    fill(`${rule} ${span}`, keyOf, end === -1 ? list.length : end, -1);
  }
  return reasons;
};

/** True for a policy that would keep nothing at all. */
export const keepsNothing = (keep: KeepPolicy): boolean =>
  spans.every(({ rule }) => keep[rule] === undefined) &&
  counts.every(({ rule }) => (keep[rule] ?? 0) === 0);

/** @throws BackupError `bad-option` for a number or a span that means nothing */
export const checkPolicy = (keep: KeepPolicy): void => {
  for (const { rule } of counts) {
    const count = keep[rule];
    if (count !== undefined && (!Number.isInteger(count) || count < -1))
      throw new BackupError(
        'bad-option',
        `keep.${rule} is ${count}: expected a whole number, or -1 for all`,
      );
  }
  for (const { rule } of spans) {
    const span = keep[rule];
    if (span !== undefined) parseWithin(rule, span);
  }
};
