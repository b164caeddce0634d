import { createRows } from './rows.ts';

/**
 * Sums of what counters rose by since their first reading, over a sliding window. They only grow, so
 * an increase is newest − oldest: nothing is summed up and subtracted again, so nothing drifts.
 */
export type CounterWindow = {
  /** Takes the sums, a column each; `counted: false` for a row that is no reading of the gate. */
  push(at: number, sums: readonly number[], counted: boolean): void;
  /** Forgets what is at or before `at − windowMs`. */
  slide(at: number): void;
  /** As if these had been the sums of all rows: what was counted is taken back. */
  level(sums: readonly number[]): void;
  /** Rows in the window that are readings. */
  readonly readings: number;
  /** Time of the newest row; -Infinity without one. */
  readonly newestAt: number;
  /** Over the window; 0 without a row. */
  increase(column: number): number;
  /** Between the newest two rows; 0 with fewer. */
  newestIncrease(column: number): number;
};

export const createCounterWindow = (windowMs: number): CounterWindow => {
  /** The first column says whether the row is a reading. */
  let rows = createRows();
  let width = 0;
  let readings = 0;
  const row: number[] = [];

  /** More columns than before: the rows that are there had 0 in them. */
  const widen = (columns: number): void => {
    const wider = createRows();
    for (let index = 0; index < rows.size; index++)
      wider.push(
        rows.timeOf(index),
        Array.from({ length: columns + 1 }, (_, column) =>
          column <= width ? rows.valueOf(index, column) : 0,
        ),
      );
    rows = wider;
    width = columns;
  };
  const rise = (from: number, column: number): number =>
    column >= width ? 0 : rows.valueOf(rows.size - 1, column + 1) - rows.valueOf(from, column + 1);
  return {
    push: (at, sums, counted) => {
      if (sums.length > width) widen(sums.length);
      row.length = width + 1;
      row[0] = counted ? 1 : 0;
      for (let column = 0; column < width; column++) row[column + 1] = sums[column] ?? 0;
      rows.push(at, row);
      if (counted) readings += 1;
    },
    slide: (at) => {
      while (rows.hasUntil(at - windowMs)) {
        readings -= rows.valueOf(0, 0);
        rows.shift();
      }
    },
    level: (sums) => {
      const levelled = createRows();
      for (let index = 0; index < rows.size; index++) {
        const counted = rows.valueOf(index, 0);
        const level = Array.from({ length: width }, (_, column) => sums[column] ?? 0);
        levelled.push(rows.timeOf(index), [counted, ...level]);
      }
      rows = levelled;
    },
    get readings() {
      return readings;
    },
    get newestAt() {
      return rows.size === 0 ? -Infinity : rows.timeOf(rows.size - 1);
    },
    increase: (column) => (rows.size === 0 ? 0 : rise(0, column)),
    newestIncrease: (column) => (rows.size < 2 ? 0 : rise(rows.size - 2, column)),
  };
};
