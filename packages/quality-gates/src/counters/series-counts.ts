import { isDip } from './traffic.ts';

/** One series' counts in a gate: a counter, or a histogram's cumulative buckets. */
export type SeriesCounts = {
  readonly key: string;
  /** The column of the gate that each count adds to. */
  columns: readonly number[];
  /** As last taken; `null`: never, or by a process that is gone. */
  last: number[] | null;
  /** Before a fall at the reading before, where it was no restart; `null`: there was none. */
  fallenFrom: number[] | null;
  /** It was there before it could be read: what it says first is a starting point, no rise. */
  isUnread: boolean;
  /** Of the newest sample; `null` where the series is not on it. */
  now: readonly number[] | null;
};

/** Adds what a series rose by from its last counts to these, column by column. Falls are no rise. */
export const addRise = (
  series: SeriesCounts,
  counts: readonly number[],
  from: 'last' | 'zero',
  sums: number[],
): void => {
  const { columns, last, fallenFrom } = series;
  if (from === 'last' && last === null && series.isUnread) return;
  for (let index = 0; index < counts.length; index++) {
    const now = counts[index] ?? 0;
    const column = columns[index] ?? 0;
    const before = from === 'zero' || last === null ? 0 : (last[index] ?? 0);
    if (now < before) continue;
    // Back at or over where it was before it fell: the fall was a misreading.
    const high = from === 'last' && fallenFrom !== null ? (fallenFrom[index] ?? 0) : 0;
    sums[column] = (sums[column] ?? 0) + now - (now >= high ? Math.max(before, high) : before);
  }
};

/** Takes the counts as the newest ones. */
export const settle = (series: SeriesCounts, counts: readonly number[]): void => {
  const { last } = series;
  series.isUnread = false;
  if (last === null || last.length !== counts.length) {
    series.last = [...counts];
    series.fallenFrom = null;
    return;
  }
  let hasFallen = false;
  for (let index = 0; index < counts.length; index++)
    if ((counts[index] ?? 0) < (last[index] ?? 0)) hasFallen = true;
  series.fallenFrom = hasFallen ? [...last] : null;
  for (let index = 0; index < counts.length; index++) last[index] = counts[index] ?? 0;
};

/** Which counts of a series are meant; `null`: it has none. */
export type Counts = (of: SeriesCounts) => readonly number[] | null;

/** How the newest counts stand to earlier ones. A histogram goes by what it counted in all. */
export const compareCounts = (
  series: readonly SeriesCounts[],
  earlier: Counts,
): { readonly hasFallen: boolean; readonly allFell: boolean } => {
  let hasFallen = false;
  let hasHeld = false;
  for (const of of series) {
    const was = earlier(of);
    if (was === null || of.now === null) continue;
    const [from, to] = [was.at(-1) ?? 0, of.now.at(-1) ?? 0];
    if (!isDip(from, to)) hasFallen = true;
    else if (from > 0) hasHeld = true;
  }
  return { hasFallen, allFell: hasFallen && !hasHeld };
};
