/**
 * Rows of numbers with a time, first in, first out, in two flat arrays: no object a row. Both ends cost
 * amortised constant time. All rows have one width.
 */
export type Rows = {
  readonly size: number;
  /** Copies `values`; the first row of an empty window says how wide rows are. */
  push(at: number, values: readonly number[]): void;
  /** Forgets the oldest row. */
  shift(): void;
  /** Whether the oldest row is from `until` or before. */
  hasUntil(until: number): boolean;
  clear(): void;
  /** Time of a row: 0 is the oldest, `size - 1` the newest. The row must be there. */
  timeOf(row: number): number;
  valueOf(row: number, column: number): number;
};

/** The arrays are cut only when half of them is dead: each row is moved at most once per doubling. */
const fewestDead = 32;

export const createRows = (): Rows => {
  let width = 0;
  let times: number[] = [];
  let cells: number[] = [];
  let head = 0;

  const clear = () => {
    times = [];
    cells = [];
    head = 0;
  };
  return {
    get size() {
      return times.length - head;
    },
    push: (at, values) => {
      if (times.length === head) {
        clear();
        width = values.length;
      }
      times.push(at);
      for (let column = 0; column < width; column++) cells.push(values[column] ?? 0);
    },
    shift: () => {
      head += 1;
      if (head <= fewestDead || head * 2 <= times.length) return;
      times = times.slice(head);
      cells = cells.slice(head * width);
      head = 0;
    },
    hasUntil: (until) => times.length > head && (times[head] ?? 0) <= until,
    clear,
    timeOf: (row) => times[head + row] ?? 0,
    valueOf: (row, column) => cells[(head + row) * width + column] ?? 0,
  };
};
