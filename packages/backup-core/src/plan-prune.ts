import { BackupError } from './errors.ts';
import { parseWithin, startOfWithin } from './keep-within.ts';
import type { BackupListing } from './list-backups.ts';

/**
 * How many backups stay, by rule; a backup that any rule keeps stays. Semantics are restic's: per period the
 * newest is kept, for as many periods as the number says; -1 is all. Times are UTC.
 */
export interface KeepPolicy {
  readonly last?: number | undefined;
  readonly hourly?: number | undefined;
  readonly daily?: number | undefined;
  readonly weekly?: number | undefined;
  readonly monthly?: number | undefined;
  readonly yearly?: number | undefined;
  /** All that are this much older than the newest at most: `1y2m3d4h`. */
  readonly within?: string | undefined;
}

/** A backup and why it stays or goes. */
export interface PruneLine {
  readonly name: string;
  readonly reasons: readonly string[];
}

/** What a prune will do; nothing is done yet. Newest first. */
export interface PrunePlan {
  readonly keep: readonly PruneLine[];
  readonly remove: readonly PruneLine[];
  readonly warnings: readonly string[];
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Clocks differ a little; a name that is further ahead than this was made by a wrong one. */
const FUTURE_MS = DAY_MS;

const pad = (value: number, digits = 2): string => String(value).padStart(digits, '0');

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
  return `${year}-W${pad(week)}`;
};

type Bucket = 'last' | 'hourly' | 'daily' | 'weekly' | 'monthly' | 'yearly';

const iso = (atMs: number): string => new Date(atMs).toISOString();

const BUCKETS: readonly {
  readonly name: Bucket;
  readonly keyOf: (atMs: number, i: number) => string;
}[] = [
  { name: 'last', keyOf: (_, i) => String(i) },
  { name: 'hourly', keyOf: (at) => iso(at).slice(0, 13) },
  { name: 'daily', keyOf: (at) => iso(at).slice(0, 10) },
  { name: 'weekly', keyOf: (at) => isoWeek(at) },
  { name: 'monthly', keyOf: (at) => iso(at).slice(0, 7) },
  { name: 'yearly', keyOf: (at) => iso(at).slice(0, 4) },
];

/** Reasons by rule for backups of one environment, newest first. */
const reasonsByRule = (list: readonly BackupListing[], keep: KeepPolicy): Map<string, string[]> => {
  const reasons = new Map<string, string[]>(list.map(({ name }) => [name, []]));
  for (const { name: rule, keyOf } of BUCKETS) {
    let left = keep[rule] ?? 0;
    let lastKey: string | undefined;
    for (const [i, { at, name }] of list.entries()) {
      if (left === 0) break;
      const key = keyOf(at, i);
      const isOldest = i === list.length - 1;
      if (key !== lastKey) reasons.get(name)?.push(rule);
      else if (isOldest) reasons.get(name)?.push(`oldest ${rule}`);
      else continue;
      lastKey = key;
      if (left > 0) left -= 1;
    }
  }
  const newest = list[0];
  if (keep.within !== undefined && newest !== undefined) {
    const from = startOfWithin(newest.at, parseWithin(keep.within));
    for (const { at, name } of list)
      if (at > from) reasons.get(name)?.push(`within ${keep.within}`);
  }
  return reasons;
};

const isEmpty = (keep: KeepPolicy): boolean =>
  keep.within === undefined && BUCKETS.every(({ name }) => (keep[name] ?? 0) === 0);

/**
 * Decides which backups stay. Each environment is judged by itself. The newest always stays, so does what is
 * pinned; a name more than a day in the future stays, counts for nothing and is warned of. A policy that keeps
 * nothing removes nothing.
 *
 * @throws BackupError `bad-option` for a `within` or a number that means nothing
 */
export const planPrune = (
  list: readonly BackupListing[],
  keep: KeepPolicy,
  { now, pinned }: { readonly now: number; readonly pinned: ReadonlySet<string> },
): PrunePlan => {
  checkPolicy(keep);
  const warnings: string[] = [];
  const reasons = new Map<string, string[]>();
  const sorted = [...list].sort((a, b) => b.at - a.at || (a.name < b.name ? 1 : -1));
  const isFuture = ({ at }: BackupListing) => at > now + FUTURE_MS;
  for (const { name } of sorted.filter(isFuture)) {
    warnings.push(`${name} is from the future: it counts for nothing; was the clock wrong?`);
    reasons.set(name, ['from the future']);
  }
  const present = sorted.filter((backup) => !isFuture(backup));
  if (isEmpty(keep)) {
    warnings.push('the policy keeps nothing, so nothing is removed: set "keep"');
    for (const { name } of present) reasons.set(name, ['no policy']);
  } else {
    for (const env of new Set(present.map((backup) => backup.env))) {
      const own = present.filter((backup) => backup.env === env);
      for (const [name, found] of reasonsByRule(own, keep)) reasons.set(name, found);
      const newest = own[0];
      if (newest !== undefined && reasons.get(newest.name)?.length === 0)
        reasons.set(newest.name, ['newest']);
    }
  }
  for (const { name } of sorted) if (pinned.has(name)) reasons.get(name)?.push('pinned');
  const lines = sorted.map(({ name }) => ({ name, reasons: reasons.get(name) ?? [] }));
  return {
    keep: lines.filter((line) => line.reasons.length > 0),
    remove: lines
      .filter((line) => line.reasons.length === 0)
      .map(({ name }) => ({ name, reasons: ['no rule keeps it'] })),
    warnings,
  };
};

const checkPolicy = (keep: KeepPolicy): void => {
  for (const { name } of BUCKETS) {
    const count = keep[name];
    if (count !== undefined && (!Number.isInteger(count) || count < -1))
      throw new BackupError(
        'bad-option',
        `keep.${name} is ${count}: expected a whole number, or -1 for all`,
      );
  }
  if (keep.within !== undefined) parseWithin(keep.within);
};
